//! What is said about something that is done at many households.

use crate::{
    chasing::{
        many::{Deed, Left, MOST, Why},
        steps::Step,
    },
    intake::batch::MOST_MESSAGES,
};

/// What the button says.
pub(super) fn heading(deed: Deed, of: usize) -> String {
    match deed {
        Deed::Pass => say!("choosing-pass-do", count = of),
        Deed::Step(Step::Resend) => say!("choosing-resend-do", count = of),
        Deed::Step(Step::Extend) => say!("choosing-extend-do", count = of),
        Deed::Step(Step::Revoke) => say!("choosing-revoke-do", count = of),
        Deed::Step(Step::Replace) => say!("choosing-replace-do", count = of),
    }
}

/// The page's heading: the same as a question.
pub(super) fn question(deed: Deed, of: usize) -> String {
    match deed {
        Deed::Pass => say!("choosing-pass-ask", count = of),
        Deed::Step(Step::Resend) => say!("choosing-resend-ask", count = of),
        Deed::Step(Step::Extend) => say!("choosing-extend-ask", count = of),
        Deed::Step(Step::Revoke) => say!("choosing-revoke-ask", count = of),
        Deed::Step(Step::Replace) => say!("choosing-replace-ask", count = of),
    }
}

/// The heading where it can be done nowhere.
pub(super) fn nothing(deed: Deed) -> &'static str {
    match deed {
        Deed::Pass => say!("choosing-pass-nobody"),
        Deed::Step(Step::Resend) => say!("choosing-resend-nobody"),
        Deed::Step(Step::Extend) => say!("choosing-extend-nobody"),
        Deed::Step(Step::Revoke) => say!("choosing-revoke-nobody"),
        Deed::Step(Step::Replace) => say!("choosing-replace-nobody"),
    }
}

/// The class of the button.
pub(super) const fn pressed(deed: Deed) -> &'static str {
    match deed {
        Deed::Step(Step::Revoke | Step::Replace) => "danger",
        Deed::Pass | Deed::Step(_) => "main",
    }
}

/// What will happen; `new` of them have no valid access code.
pub(super) fn means(deed: Deed, of: usize, new: usize) -> Vec<String> {
    let mut said = match deed {
        Deed::Step(Step::Resend) => vec![say!("choosing-resend-means", count = of)],
        Deed::Pass => vec![say!("choosing-pass-means").to_owned()],
        Deed::Step(Step::Extend) => vec![say!("choosing-extend-means", count = of)],
        Deed::Step(Step::Revoke | Step::Replace) => {
            vec![say!("choosing-ends-means", count = of), say!("choosing-ends-for-good", count = of)]
        }
    };
    if new > 0 && matches!(deed, Deed::Pass | Deed::Step(Step::Resend)) {
        said.push(say!("choosing-new-codes", count = new));
    }
    said
}

/// That not all fit.
pub(super) fn too_many(deed: Deed, more: usize) -> String {
    if deed == Deed::Pass {
        say!("choosing-too-many-passes", most = MOST, more = more)
    } else {
        say!("choosing-too-many", most = MOST, more = more)
    }
}

/// At how many nothing is done, a line for each reason.
pub(in crate::board::pages) fn left_lines(left: &Left) -> Vec<String> {
    let line = |(why, of): (&Why, &usize)| match why {
        Why::Joined => say!("choosing-left-joined", count = of),
        Why::Lately => say!("choosing-left-lately", count = of),
        Why::Often => say!("choosing-left-often", count = of, most = MOST_MESSAGES),
        Why::Nobody => say!("choosing-left-nobody", count = of),
        Why::Cancelled => say!("choosing-left-cancelled", count = of),
        Why::NoCode => say!("choosing-left-no-code", count = of),
        Why::LongEnough => say!("choosing-left-long-enough", count = of),
        Why::Changed => say!("choosing-left-changed", count = of),
    };
    left.iter().map(line).collect()
}

/// What the list says afterwards.
pub(in crate::board::pages) fn told(done: &str, did: usize) -> Option<String> {
    Some(match (Deed::from_word(done)?, did) {
        (Deed::Step(Step::Resend), 0) => say!("choosing-told-none-resent").to_owned(),
        (Deed::Step(Step::Resend), _) => say!("choosing-told-resent", count = did),
        (Deed::Step(Step::Extend), 0) => say!("choosing-told-none-extended").to_owned(),
        (Deed::Step(Step::Extend), _) => say!("choosing-told-extended", count = did),
        (Deed::Step(Step::Revoke), 0) => say!("choosing-told-none-revoked").to_owned(),
        (Deed::Step(Step::Revoke), _) => say!("choosing-told-revoked", count = did),
        (Deed::Pass, _) => say!("choosing-told-none-printed").to_owned(),
        (Deed::Step(Step::Replace), _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_with_their_words() {
        assert_eq!(heading(Deed::Step(Step::Resend), 14), "Send again to 14 households");
        assert_eq!(heading(Deed::Step(Step::Revoke), 1), "Cancel 1 invitation");
        assert_eq!(heading(Deed::Pass, 500), "Print 500 access passes");
        let left = Left::from([(Why::Joined, 1), (Why::Lately, 3)]);
        assert_eq!(
            left_lines(&left),
            [
                "1 household has joined.",
                "3 households were written to within the last 24 hours, or a message is on its way."
            ]
        );
        for why in Why::ALL {
            for of in [1, 2] {
                let line = left_lines(&Left::from([(why, of)])).remove(0);
                assert!(line.ends_with('.'), "{line}");
            }
        }
    }
}
