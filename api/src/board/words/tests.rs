use std::collections::BTreeSet;

use super::*;

const HOLDS: [HoldReason; 6] = [Window, Scheduled, Paused, CommunityLimit, ChannelClosed, Approval];

/// Beginnings of words that a leader need not know.
const JARGON: &str = "4xx 5xx api auth bounc config dns domain error greylist handshake http policy \
                      protocol queue server smtp tls";

fn is_plain(said: &str) -> bool {
    let lower = said.to_lowercase();
    let mut each = lower.split(|letter: char| !letter.is_alphanumeric());
    !each.any(|word| JARGON.split_whitespace().any(|jargon| word.starts_with(jargon)))
}

#[test]
fn whatever_becomes_of_a_delivery_has_plain_words() {
    let reasons: Vec<_> = AttemptReason::ALL.iter().copied().map(Some).chain([None]).collect();
    let holds: Vec<_> = HOLDS.into_iter().map(Some).chain([None]).collect();
    let states = DeliveryState::ALL.iter().flat_map(|state| Channel::ALL.map(|channel| (channel, *state)));
    for (channel, state) in states {
        for (hold, reason) in holds.iter().flat_map(|hold| reasons.iter().map(|reason| (*hold, *reason))) {
            let about = format!("{channel}, {state}, {hold:?}, {reason:?}");
            let Some(words) = of(channel, state, hold, reason) else {
                assert_eq!(state, Delivered, "{about}");
                continue;
            };
            for said in [words.what, words.next_step] {
                assert!(said.starts_with(char::is_uppercase) && said.ends_with('.'), "{about}: {said}");
                assert!(is_plain(said), "{about}: {said}");
            }
            assert!(words.who != Nobody || Bucket::of(state) != Bucket::Problem, "{about}");
        }
    }
}

#[test]
fn what_may_have_arrived_is_not_simply_called_cancelled() {
    for &reason in AttemptReason::ALL {
        let said = of(Text, Cancelled, None, Some(reason)).unwrap().what;
        assert_eq!(said.contains("may have arrived"), may_have_arrived(reason), "{reason}: {said}");
    }
    assert!(may_have_arrived(AttemptReason::WorkerLost) && !may_have_arrived(AttemptReason::Greylisted));
    assert_eq!(of(Email, Cancelled, None, None).unwrap().what, "It was cancelled.");
}

#[test]
fn clauses_follow_a_colon_and_tell_reasons_apart() {
    for &reason in AttemptReason::ALL {
        let said = clause(reason);
        assert!(said.starts_with(char::is_lowercase) && !said.ends_with('.'), "{reason}: {said}");
        assert!(is_plain(&said.replace("(greylisting)", "")), "{reason}: {said}");
    }
    let different: BTreeSet<_> = AttemptReason::ALL.iter().map(|reason| clause(*reason)).collect();
    assert_eq!(different.len(), AttemptReason::ALL.len());
}

#[test]
fn the_operator_is_named_for_what_only_the_operator_can_mend() {
    use AttemptReason::{
        AccountRefused, AuthRefused, GreetingRefused, QuotaUsedUp, RequestRefused, SenderRefused,
    };
    for reason in [AccountRefused, AuthRefused, GreetingRefused, QuotaUsedUp, RequestRefused, SenderRefused] {
        for state in [RetryWait, Failed, Bounced] {
            assert_eq!(of(Text, state, None, Some(reason)).unwrap().who, Operator, "{state}, {reason}");
        }
    }
}

#[test]
fn a_reason_to_be_held_comes_first_and_only_while_it_waits() {
    for &state in DeliveryState::ALL {
        let paused = of(Email, state, Some(Paused), None) == Some(held(Email, Paused));
        assert_eq!(paused, Bucket::of(state) == Bucket::Waiting, "{state}");
    }
}

#[test]
fn buckets_part_the_states_and_are_found_by_their_words() {
    let mut states: Vec<_> = Bucket::ALL.into_iter().flat_map(Bucket::states).collect();
    states.sort_unstable();
    assert_eq!(states, DeliveryState::ALL);
    for bucket in Bucket::ALL {
        assert_eq!(Bucket::from_word(bucket.as_str()), Some(bucket));
        assert_eq!(serde_json::to_value(bucket).unwrap(), bucket.as_str());
    }
    assert_eq!(Bucket::from_word("Not sent"), None);
}
