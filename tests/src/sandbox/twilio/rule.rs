//! The rule that a number carries in its last four digits. The table is in the head of [`super`].

use super::Status;

/// What becomes of a text to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// 400 with this code.
    Refuse(u32),
    /// 429 with Retry-After, the first time.
    Throttle,
    /// 500 the first time, and nothing taken.
    Fail,
    /// Taken, and never answered.
    Silence,
    /// Taken, and the answer breaks off in the middle.
    CutOff,
    /// Taken, and 500 for an answer.
    FailAfter,
    /// Taken and answered; it ends with this status and code.
    End(Status, u32),
}

const RULES: [(&str, Rule); 12] = [
    ("0001", Rule::Refuse(21211)),
    ("0002", Rule::Refuse(21614)),
    ("0003", Rule::Refuse(21610)),
    ("0004", Rule::Throttle),
    ("0005", Rule::Silence),
    ("0006", Rule::CutOff),
    ("0007", Rule::FailAfter),
    ("0008", Rule::End(Status::Undelivered, 30005)),
    ("0009", Rule::End(Status::Failed, 30008)),
    ("0010", Rule::End(Status::Undelivered, 30006)),
    ("0011", Rule::End(Status::Undelivered, 30003)),
    ("0012", Rule::Fail),
];

impl Rule {
    /// The rule of a number, if it carries one.
    #[must_use]
    pub fn of(number: &str) -> Option<Self> {
        RULES.iter().find(|(digits, _)| number.ends_with(digits)).map(|(_, rule)| *rule)
    }

    /// Does it hold at this try, the first being 1?
    #[must_use]
    pub fn holds(self, attempt: u32) -> bool {
        match self {
            Self::Throttle | Self::Fail => attempt == 1,
            _ => true,
        }
    }

    /// Is the sender told that a text was taken?
    #[must_use]
    pub fn tells(self) -> bool {
        matches!(self, Self::End(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_rules() {
        for (number, expected) in [
            ("+13125550100", None),
            ("+13125550000", None),
            ("+13125550001", Some(Rule::Refuse(21211))),
            ("+14155550004", Some(Rule::Throttle)),
            ("+447700900009", Some(Rule::End(Status::Failed, 30008))),
            ("+13125550013", None),
        ] {
            assert_eq!(Rule::of(number), expected, "{number}");
        }
    }

    #[test]
    fn some_hold_once() {
        assert!(Rule::Throttle.holds(1) && Rule::Fail.holds(1));
        assert!(!Rule::Throttle.holds(2) && !Rule::Fail.holds(2));
        assert!(Rule::Silence.holds(9) && Rule::Refuse(21211).holds(9));
    }
}
