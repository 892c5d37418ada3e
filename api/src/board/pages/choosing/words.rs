//! What is said about something that is done at many households.

use super::{super::counted, count};
use crate::{
    chasing::{
        many::{Deed, Left, MOST, Why},
        steps::Step,
    },
    intake::batch::MOST_MESSAGES,
};

fn households(of: usize) -> String {
    counted(count(of), "household", "households")
}

/// What the button says, and with a question mark the page's heading.
pub(super) fn heading(deed: Deed, of: usize) -> String {
    let invitations = || counted(count(of), "invitation", "invitations");
    match deed {
        Deed::Pass => format!("Print {}", counted(count(of), "access pass", "access passes")),
        Deed::Step(Step::Resend) => format!("Send again to {}", households(of)),
        Deed::Step(Step::Extend) => format!("Hold {} for 30 days from today", invitations()),
        Deed::Step(Step::Revoke) => format!("Cancel {}", invitations()),
        Deed::Step(Step::Replace) => format!("Replace the access codes of {}", households(of)),
    }
}

/// The heading where it can be done nowhere.
pub(super) const fn nothing(deed: Deed) -> &'static str {
    match deed {
        Deed::Pass => "There is nobody to print for",
        Deed::Step(Step::Resend) => "Nobody can be written to again now",
        Deed::Step(Step::Extend) => "There is nothing to hold longer",
        Deed::Step(Step::Revoke) => "There is nothing to cancel",
        Deed::Step(Step::Replace) => "There is nothing to replace",
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
    let mut said = match (deed, of) {
        (Deed::Step(Step::Resend), 1) => vec![
            "The invitation goes once more to every address of the household that may be written to, with the same access code."
        ],
        (Deed::Step(Step::Resend), _) => vec![
            "The invitations go once more to every address of these households that may be written to, each with the same access code.",
        ],
        (Deed::Pass, _) => vec![
            "A pass carries the household’s own access code. It can be used for 90 days at least. You see the sheets before you print them.",
        ],
        (Deed::Step(Step::Extend), 1) => {
            vec!["The access code can be used for 30 days from today. It stays the same, and nothing is sent."]
        }
        (Deed::Step(Step::Extend), _) => {
            vec!["The access codes can be used for 30 days from today. They stay the same, and nothing is sent."]
        }
        (Deed::Step(Step::Revoke | Step::Replace), 1) => vec![
            "From then on the access code lets nobody in: neither from e-mails and texts that have arrived, nor from a printed pass. What waits to be sent with it is taken back.",
            "This cannot be undone. You can invite the household again later: it gets a new code then.",
        ],
        (Deed::Step(Step::Revoke | Step::Replace), _) => vec![
            "From then on their access codes let nobody in: neither from e-mails and texts that have arrived, nor from printed passes. What waits to be sent with them is taken back.",
            "This cannot be undone. You can invite these households again later: they get new codes then.",
        ],
    }
    .into_iter()
    .map(str::to_owned)
    .collect::<Vec<_>>();
    let gets_one = matches!(deed, Deed::Pass | Deed::Step(Step::Resend));
    match new {
        0 => {}
        1 if gets_one => said.push("1 of them has no valid access code: it gets a new one.".to_owned()),
        _ if gets_one => {
            let told = super::number(count(new));
            said.push(format!("{told} of them have no valid access code: they get new ones."));
        }
        _ => {}
    }
    said
}

/// That not all fit.
pub(super) fn too_many(deed: Deed, more: usize) -> String {
    let first = if deed == Deed::Pass { ", those first who have no pass yet" } else { "" };
    let others = if more == 1 {
        "the other one".to_owned()
    } else {
        format!("the other {}", super::number(count(more)))
    };
    format!("At most {MOST} at once{first}. Do the same again afterwards for {others}.")
}

/// At how many nothing is done, a line for each reason.
pub(in crate::board::pages) fn left_lines(left: &Left) -> Vec<String> {
    let line = |(why, of): (&Why, &usize)| {
        let those = households(*of);
        let (one, many) = match why {
            Why::Joined => ("has joined.", "have joined."),
            Why::Lately => (
                "was written to within the last 24 hours, or a message is on its way.",
                "were written to within the last 24 hours, or a message is on its way.",
            ),
            Why::Often => {
                let told = if *of == 1 { "was" } else { "were" };
                return format!(
                    "{those} {told} sent this invitation {MOST_MESSAGES} times: more is not allowed. Print a pass."
                );
            }
            Why::Nobody => (
                "cannot be written to: no good address is known, or messages there are stopped. Mend the address, or print a pass.",
                "cannot be written to: no good address is known, or messages there are stopped. Mend the addresses, or print passes.",
            ),
            Why::Cancelled => (
                "had its invitation cancelled. Open it to invite it anew.",
                "had their invitations cancelled. Open each to invite it anew.",
            ),
            Why::NoCode => ("has no valid access code.", "have no valid access code."),
            Why::LongEnough => (
                "has an access code that can be used for about 30 days or longer already.",
                "have access codes that can be used for about 30 days or longer already.",
            ),
            Why::Changed => {
                ("changed meanwhile. Open it to see how it stands.", "changed meanwhile. Look at them again.")
            }
        };
        format!("{those} {}", if *of == 1 { one } else { many })
    };
    left.iter().map(line).collect()
}

/// What the list says afterwards.
pub(in crate::board::pages) fn told(done: &str, did: usize) -> Option<String> {
    Some(match (Deed::from_word(done), did) {
        (Some(Deed::Step(Step::Resend)), 0) => "Nothing was sent again.".to_owned(),
        (Some(Deed::Step(Step::Resend)), _) => {
            format!("The invitation is on its way again to {}.", households(did))
        }
        (Some(Deed::Step(Step::Extend)), 0) => "No access code holds longer than before.".to_owned(),
        (Some(Deed::Step(Step::Extend)), _) => {
            let codes = counted(count(did), "access code", "access codes");
            format!("{codes} can be used for 30 days from today.")
        }
        (Some(Deed::Step(Step::Revoke)), 0) => "No invitation was cancelled.".to_owned(),
        (Some(Deed::Step(Step::Revoke)), 1) => {
            "1 invitation is cancelled: its access code lets nobody in any more.".to_owned()
        }
        (Some(Deed::Step(Step::Revoke)), _) => {
            let told = super::number(count(did));
            format!("{told} invitations are cancelled: their access codes let nobody in any more.")
        }
        (Some(Deed::Pass), _) => "No pass was printed.".to_owned(),
        _ => return None,
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
