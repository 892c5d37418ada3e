//! What became of each message: the ledger's word against the providers' records and what was promised.
//!
//! A pure function of the three. What the ledger calls accepted and no provider has is *lost*, like what it does not
//! know at all. A second message is excused only by an attempt of which nobody could know how it ended, and only once,
//! and only for an e-mail.

use std::collections::HashMap;

use uuid::Uuid;

use super::feed::{Channel, Promise};

/// After so many seconds an attempt is given up whose worker says nothing: `PORCHLIGHT_ATTEMPT_DEADLINE` as it is when
/// nobody sets it.
const DEADLINE: f64 = 300.0;

/// A row of the ledger.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// To whom.
    pub address: String,
    /// Where it stands.
    pub state: String,
    /// Since when, in seconds, by the ledger's clock.
    pub changed_at: f64,
}

/// An ended attempt of the ledger.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Attempt {
    /// Of which delivery.
    pub delivery_id: Uuid,
    /// Of that delivery, from 1.
    pub number: i32,
    /// By which way.
    pub channel: String,
    /// When it began, in seconds, by the ledger's clock.
    pub began_at: f64,
    /// When its end was recorded.
    pub ended_at: f64,
    /// How it ended.
    pub outcome: String,
    /// Why so; empty when it was accepted.
    pub reason: String,
    /// Whether it was unknown, until its late answer came.
    pub late: bool,
}

impl Attempt {
    /// Whether nobody knew how it ended.
    #[must_use]
    pub fn was_unknown(&self) -> bool {
        self.outcome == "unknown" || self.late
    }

    /// Whether it was given up because its worker was gone. Late news wipes out why it was unknown; but what is heard
    /// of while the attempt may still run waits for its deadline, and what its worker called unknown does not.
    #[must_use]
    pub fn lost_its_worker(&self) -> bool {
        self.reason == "worker_lost" || self.late && self.ended_at - self.began_at >= DEADLINE
    }
}

/// The verdict. All counts are of promised rows unless they say otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Promised by the API.
    pub promised: usize,
    /// Taken by a provider, and the ledger says so.
    pub submitted: usize,
    /// Ended otherwise, with a reason.
    pub ended: usize,
    /// In front of a person.
    pub with_a_person: usize,
    /// Promised, and neither submitted nor ended nor in front of a person although the ledger says so.
    pub lost: Vec<String>,
    /// Neither here nor there when the run was over.
    pub unsettled: Vec<String>,
    /// E-mails that were handed over a second time although the first outcome was known.
    pub doubled: Vec<String>,
    /// E-mails that were taken a second time after an unknown outcome: the one repeat.
    pub repeated: usize,
    /// E-mails that were handed over more often than that.
    pub repeated_too_often: Vec<String>,
    /// Texts that were taken more than once.
    pub texts_doubled: Vec<String>,
    /// Called failed without a doubt, although a provider took it.
    pub misjudged: Vec<String>,
    /// Ended, or put before a person, although nothing that was said or asked calls for it.
    pub unexplained: Vec<String>,
    /// Taken by a provider, and promised to nobody.
    pub unasked: Vec<String>,
    /// Attempts whose outcome nobody knew.
    pub unknown: usize,
    /// How many of their deliveries are submitted now, ended, or in front of a person.
    pub resolved: [usize; 3],
    /// From the beginning of such an attempt until its delivery stood where it stands now, in seconds, sorted.
    pub settled_after: Vec<f64>,
}

impl Verdict {
    /// The promises that were not kept, in words.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        let say = |what: &str, who: &[String]| {
            let some: Vec<_> = who.iter().take(3).map(String::as_str).collect();
            (!who.is_empty()).then(|| format!("{} {what}, such as {}", who.len(), some.join(", ")))
        };
        let found = [
            say("lost", &self.lost),
            say("not settled", &self.unsettled),
            say("doubled although the outcome was known", &self.doubled),
            say("e-mails repeated more than once", &self.repeated_too_often),
            say("texts doubled", &self.texts_doubled),
            say("called failed although they were taken", &self.misjudged),
            say("ended without a reason", &self.unexplained),
            say("taken and promised to nobody", &self.unasked),
        ];
        found.into_iter().flatten().collect()
    }
}

/// Judges every promised row, and everything that a provider took.
#[must_use]
pub(super) fn judge(
    promises: &[Promise],
    deliveries: &[Delivery],
    attempts: &[Attempt],
    taken: &HashMap<String, u32>,
) -> Verdict {
    let mut verdict = Verdict::default();
    let mut tries: HashMap<Uuid, Vec<&Attempt>> = HashMap::new();
    for attempt in attempts {
        tries.entry(attempt.delivery_id).or_default().push(attempt);
    }
    let mut rows: HashMap<&str, Vec<&Delivery>> = HashMap::new();
    for delivery in deliveries {
        rows.entry(&delivery.address).or_default().push(delivery);
    }
    let mut known = std::collections::HashSet::new();
    for promise in promises {
        for address in &promise.addresses {
            known.insert(address.as_str());
            let times = taken.get(address).copied().unwrap_or(0);
            let found = rows.get(address.as_str()).map_or(&[][..], Vec::as_slice);
            verdict.promised += 1;
            let [delivery] = found else {
                let what = if found.is_empty() { &mut verdict.lost } else { &mut verdict.doubled };
                what.push(format!("{address} ({} deliveries)", found.len()));
                continue;
            };
            let tries = tries.get(&delivery.id).map_or(&[][..], Vec::as_slice);
            verdict.place(address, delivery, tries, times);
            verdict.count(promise.channel, address, tries, times);
        }
    }
    verdict.unasked = taken.keys().filter(|address| !known.contains(address.as_str())).cloned().collect();
    verdict.settled_after.sort_unstable_by(f64::total_cmp);
    verdict
}

impl Verdict {
    /// Where the ledger says that it stands, and whether that is so.
    fn place(&mut self, address: &str, delivery: &Delivery, tries: &[&Attempt], times: u32) {
        let unknown = tries.iter().filter(|attempt| attempt.was_unknown()).count();
        let told = || format!("{address} ({}, taken {times} times)", delivery.state);
        let place = match delivery.state.as_str() {
            "accepted" | "delivered" | "bounced" | "complained" if times == 0 => {
                self.lost.push(told());
                return;
            }
            "accepted" | "delivered" => {
                self.submitted += 1;
                0
            }
            "needs_decision" if unknown == 0 => {
                self.unexplained.push(told());
                return;
            }
            "needs_decision" => {
                self.with_a_person += 1;
                2
            }
            "failed" | "cancelled" | "suppressed" | "expired" | "not_needed" if times > 0 && unknown == 0 => {
                self.misjudged.push(told());
                return;
            }
            // Nobody cancelled, opted out or joined, and only a refusal ends a message.
            "cancelled" | "suppressed" | "expired" | "not_needed" => {
                self.unexplained.push(told());
                return;
            }
            "failed" if tries.last().is_none_or(|last| last.outcome != "refused_permanent") => {
                self.unexplained.push(told());
                return;
            }
            "failed" | "bounced" | "complained" => {
                self.ended += 1;
                1
            }
            _ => {
                self.unsettled.push(told());
                return;
            }
        };
        self.unknown += unknown;
        self.resolved[place] += unknown;
        let doubtful = tries.iter().filter(|attempt| attempt.was_unknown());
        self.settled_after.extend(doubtful.map(|attempt| delivery.changed_at - attempt.began_at));
    }

    /// How often it was taken, and how often that may be.
    fn count(&mut self, channel: Channel, address: &str, tries: &[&Attempt], times: u32) {
        let handed_over =
            tries.iter().filter(|attempt| attempt.was_unknown() || attempt.outcome == "accepted").count();
        let told = || format!("{address} (taken {times} times)");
        // Something was begun after the provider's word was known.
        let begun_again = tries
            .iter()
            .position(|attempt| attempt.outcome == "accepted" && !attempt.late)
            .is_some_and(|place| place + 1 < tries.len());
        let more_than_said = usize::try_from(times).is_ok_and(|times| times > handed_over);
        match channel {
            Channel::Email if begun_again || (more_than_said && times > 1) => self.doubled.push(told()),
            Channel::Text if times > 1 || handed_over > 1 => self.texts_doubled.push(told()),
            Channel::Email if times > 2 || handed_over > 2 => self.repeated_too_often.push(told()),
            Channel::Email if times == 2 => self.repeated += 1,
            Channel::Text | Channel::Email => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(n: u128, state: &str) -> Delivery {
        Delivery {
            id: Uuid::from_u128(n),
            address: n.to_string(),
            state: state.to_owned(),
            changed_at: 100.0,
        }
    }

    fn attempt(n: u128, outcome: &str) -> Attempt {
        let reason = if outcome == "accepted" { "" } else { "worker_lost" };
        Attempt {
            delivery_id: Uuid::from_u128(n),
            number: 1,
            channel: "email".to_owned(),
            began_at: 40.0,
            ended_at: 90.0,
            outcome: outcome.to_owned(),
            reason: reason.to_owned(),
            late: false,
        }
    }

    fn judged(channel: Channel, state: &str, outcomes: &[&str], times: u32) -> Verdict {
        let promises = [Promise { channel, addresses: vec!["1".to_owned()] }];
        let attempts: Vec<_> = outcomes.iter().map(|outcome| attempt(1, outcome)).collect();
        let taken = if times == 0 { HashMap::new() } else { HashMap::from([("1".to_owned(), times)]) };
        judge(&promises, &[delivery(1, state)], &attempts, &taken)
    }

    #[test]
    fn what_went_well_is_well() {
        let verdict = judged(Channel::Email, "accepted", &["refused_temporary", "accepted"], 1);
        assert_eq!((verdict.promised, verdict.submitted, verdict.broken()), (1, 1, vec![]));
        let verdict = judged(Channel::Email, "failed", &["refused_permanent"], 0);
        assert_eq!((verdict.ended, verdict.broken()), (1, vec![]));
        let verdict = judged(Channel::Email, "accepted", &["unknown", "accepted"], 2);
        assert_eq!((verdict.repeated, verdict.unknown, verdict.resolved), (1, 1, [1, 0, 0]));
        assert_eq!((verdict.broken(), verdict.settled_after), (vec![], vec![60.0]));
        let verdict = judged(Channel::Text, "needs_decision", &["unknown"], 1);
        assert_eq!((verdict.with_a_person, verdict.broken()), (1, vec![]));
    }

    #[test]
    fn what_went_wrong_is_seen() {
        use Channel::{Email, Text};
        for (channel, state, outcomes, times, what) in [
            (Email, "accepted", &["accepted"][..], 0, "lost"),
            (Email, "retry_wait", &["refused_temporary"], 0, "not settled"),
            (Email, "accepted", &["refused_temporary", "accepted"], 2, "doubled although"),
            (Email, "accepted", &["accepted", "unknown"], 2, "doubled although"),
            (Email, "needs_decision", &["unknown"], 2, "doubled although"),
            (Email, "accepted", &["not_sent", "unknown"], 2, "doubled although"),
            (Email, "accepted", &["unknown", "unknown", "accepted"], 1, "more than once"),
            (Email, "accepted", &["unknown", "unknown", "accepted"], 3, "more than once"),
            (Email, "failed", &["refused_temporary"], 0, "without a reason"),
            (Email, "cancelled", &[], 0, "without a reason"),
            (Text, "needs_decision", &["refused_temporary"], 0, "without a reason"),
            (Text, "accepted", &["unknown", "accepted"], 2, "texts doubled"),
            (Text, "accepted", &["unknown", "accepted"], 1, "texts doubled"),
            (Email, "failed", &["refused_permanent"], 1, "although they were taken"),
        ] {
            let broken = judged(channel, state, outcomes, times).broken();
            assert!(broken.len() == 1 && broken[0].contains(what), "{what}: {broken:?}");
        }
        let promises = [Promise { channel: Email, addresses: vec!["1".to_owned()] }];
        let nothing = judge(&promises, &[], &[], &HashMap::from([("2".to_owned(), 1)]));
        assert_eq!((nothing.lost.len(), nothing.unasked.len()), (1, 1));
        let twice = judge(&promises, &[delivery(1, "accepted"), delivery(1, "queued")], &[], &HashMap::new());
        assert_eq!(twice.doubled.len(), 1);
    }
}
