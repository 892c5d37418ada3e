//! What became of each letter: links that somebody asked for, words to leaders when a list is done, and who may act.
//!
//! Letters have no row in a list, and one address gets many of them: what a provider took is counted by the Message-ID,
//! which is the delivery's. What is promised stands in the ledger: every letter that was written, and for each list that
//! was done with a household in need, one to each leader of its community. A letter may be taken a second time after an
//! unknown outcome, once; nobody decides about it, so a second unknown outcome ends it.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgPool;
use uuid::Uuid;

use super::audit::Attempt;
use crate::{installation::Failure, sandbox::smtp::Accepted};

/// A letter of the ledger, and its delivery.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Letter {
    /// Its id.
    pub id: Uuid,
    /// What it says.
    pub kind: String,
    /// To whom.
    pub address: Option<String>,
    /// Its delivery's id, if it has one.
    pub delivery_id: Option<Uuid>,
    /// Where that stands.
    pub state: Option<String>,
}

/// The verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Letters that were written, by what they say.
    pub written: BTreeMap<String, usize>,
    /// Taken by the provider, and the ledger says so.
    pub submitted: usize,
    /// Ended otherwise, with a reason.
    pub ended: usize,
    /// Written, and neither submitted nor ended although the ledger says so; or without a delivery.
    pub lost: Vec<String>,
    /// Neither here nor there when the run was over.
    pub unsettled: Vec<String>,
    /// Handed over a second time although the first outcome was known.
    pub doubled: Vec<String>,
    /// Taken a second time after an unknown outcome: the one repeat.
    pub repeated: usize,
    /// Handed over more often than that.
    pub repeated_too_often: Vec<String>,
    /// Called failed without a doubt, although the provider took it.
    pub misjudged: Vec<String>,
    /// Ended although nothing that was said or asked calls for it.
    pub unexplained: Vec<String>,
    /// Taken by the provider, and no letter of ours.
    pub unasked: Vec<String>,
    /// Lists that were done with a household in need, of which a leader was not told.
    pub untold: Vec<String>,
}

impl Verdict {
    /// How many were written.
    #[must_use]
    pub fn all(&self) -> usize {
        self.written.values().sum()
    }

    /// How many of a kind were written.
    #[must_use]
    pub fn of(&self, kind: &str) -> usize {
        self.written.get(kind).copied().unwrap_or(0)
    }

    /// The promises that were not kept, in words.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        let say = |what: &str, who: &[String]| {
            let some: Vec<_> = who.iter().take(3).map(String::as_str).collect();
            (!who.is_empty()).then(|| format!("{} letters {what}, such as {}", who.len(), some.join(", ")))
        };
        let found = [
            say("lost", &self.lost),
            say("not settled", &self.unsettled),
            say("doubled although the outcome was known", &self.doubled),
            say("repeated more than once", &self.repeated_too_often),
            say("called failed although they were taken", &self.misjudged),
            say("ended without a reason", &self.unexplained),
            say("taken that nobody wrote", &self.unasked),
            say("not written about lists that need somebody", &self.untold),
        ];
        found.into_iter().flatten().collect()
    }
}

/// Every letter of the ledger.
pub(super) async fn read(pool: &PgPool) -> Result<Vec<Letter>, Failure> {
    let letters = sqlx::query_as(
        "SELECT l.id, l.kind::text, coalesce(p.email, m.address) AS address, d.id AS delivery_id, d.state::text
         FROM letters l LEFT JOIN deliveries d ON d.letter_id = l.id
             LEFT JOIN leaders p ON p.id = l.leader_id LEFT JOIN members m ON m.id = l.member_id
         ORDER BY l.id",
    );
    Ok(letters.fetch_all(pool).await?)
}

/// The lists of which a leader was not told although a household needed somebody by then.
pub(super) async fn untold(pool: &PgPool) -> Result<Vec<String>, Failure> {
    let untold = sqlx::query_scalar(
        "SELECT format('%s to %s', b.id, p.email)
         FROM batches b JOIN leaders p ON p.community_id = b.community_id AND p.removed_at IS NULL
         WHERE b.purpose = 'list'
             AND EXISTS (SELECT FROM deliveries d
                         WHERE d.batch_id = b.id AND d.newest AND d.state IN ('failed', 'bounced', 'complained', 'needs_decision')
                             AND (b.told_at IS NULL OR d.changed_at <= b.told_at))
             AND NOT EXISTS (SELECT FROM letters l WHERE l.batch_id = b.id AND l.leader_id = p.id)
         ORDER BY b.id",
    );
    Ok(untold.fetch_all(pool).await?)
}

/// Judges every letter, and everything that the provider took for whoever gets letters.
pub(super) fn judge(
    letters: &[Letter],
    untold: Vec<String>,
    attempts: &[Attempt],
    accepted: &[Accepted],
) -> Verdict {
    let mut verdict = Verdict { untold, ..Verdict::default() };
    let mut tries: HashMap<Uuid, Vec<&Attempt>> = HashMap::new();
    for attempt in attempts {
        tries.entry(attempt.delivery_id).or_default().push(attempt);
    }
    let known: HashSet<Uuid> = letters.iter().filter_map(|letter| letter.delivery_id).collect();
    let readers: HashSet<&str> = letters.iter().filter_map(|letter| letter.address.as_deref()).collect();
    let mut taken: HashMap<Uuid, u32> = HashMap::new();
    for message in accepted.iter().filter(|message| readers.contains(&*message.recipient)) {
        let id = message.message_id.as_deref().and_then(|id| id.split('@').next()?.parse().ok());
        match id.filter(|id| known.contains(id)) {
            Some(id) => *taken.entry(id).or_default() += 1,
            None => verdict.unasked.push(message.recipient.to_string()),
        }
    }
    for letter in letters {
        *verdict.written.entry(letter.kind.clone()).or_default() += 1;
        let Some((delivery, state)) = letter.delivery_id.zip(letter.state.as_deref()) else {
            verdict.lost.push(format!("{} {} (no delivery)", letter.kind, letter.id));
            continue;
        };
        let tries = tries.get(&delivery).map_or(&[][..], Vec::as_slice);
        let times = taken.get(&delivery).copied().unwrap_or(0);
        let told = || format!("{} {delivery} ({state}, taken {times} times)", letter.kind);
        verdict.place(state, tries, times, &told);
        verdict.count(tries, times, &told);
    }
    verdict
}

impl Verdict {
    /// Where the ledger says that it stands, and whether that is so.
    fn place(&mut self, state: &str, tries: &[&Attempt], times: u32, told: &impl Fn() -> String) {
        let unknown = tries.iter().filter(|attempt| attempt.was_unknown()).count();
        let refused = tries.last().is_some_and(|last| last.outcome == "refused_permanent");
        match state {
            "accepted" | "delivered" | "bounced" | "complained" if times == 0 => self.lost.push(told()),
            "accepted" | "delivered" => self.submitted += 1,
            "failed" if unknown > 1 || refused && times == 0 => self.ended += 1,
            "failed" if times > 0 && unknown == 0 => self.misjudged.push(told()),
            "bounced" | "complained" => self.ended += 1,
            // Nobody used a link, left or was removed, and nobody is asked about a letter.
            "failed" | "needs_decision" | "cancelled" | "suppressed" | "expired" | "not_needed" => {
                self.unexplained.push(told());
            }
            _ => self.unsettled.push(told()),
        }
    }

    /// How often it was taken, and how often that may be.
    fn count(&mut self, tries: &[&Attempt], times: u32, told: &impl Fn() -> String) {
        let handed_over =
            tries.iter().filter(|attempt| attempt.was_unknown() || attempt.outcome == "accepted").count();
        let begun_again = tries
            .iter()
            .position(|attempt| attempt.outcome == "accepted" && !attempt.late)
            .is_some_and(|place| place + 1 < tries.len());
        let more_than_said = usize::try_from(times).is_ok_and(|times| times > handed_over);
        if begun_again || more_than_said && times > 1 {
            self.doubled.push(told());
        } else if times > 2 || handed_over > 2 {
            self.repeated_too_often.push(told());
        } else if times == 2 {
            self.repeated += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    const ADDRESS: &str = "leader@example.net";

    fn judged(state: &str, outcomes: &[&str], times: usize) -> Verdict {
        let delivery = Uuid::from_u128(1);
        let letter = Letter {
            id: Uuid::from_u128(2),
            kind: "sign_in".to_owned(),
            address: Some(ADDRESS.to_owned()),
            delivery_id: Some(delivery),
            state: Some(state.to_owned()),
        };
        let attempts: Vec<_> = (1..)
            .zip(outcomes)
            .map(|(number, outcome)| Attempt {
                delivery_id: delivery,
                number,
                channel: "email".to_owned(),
                began_at: 40.0,
                ended_at: 90.0,
                outcome: (*outcome).to_owned(),
                reason: String::new(),
                late: false,
            })
            .collect();
        judge(&[letter], Vec::new(), &attempts, &vec![accepted(delivery); times])
    }

    fn accepted(delivery: Uuid) -> Accepted {
        Accepted {
            number: 1,
            at: SystemTime::UNIX_EPOCH,
            recipient: ADDRESS.into(),
            sender: "invitations@porchlight.example".into(),
            message_id: Some(format!("{delivery}@porchlight.example").into()),
            answered: true,
        }
    }

    #[test]
    fn what_went_well_is_well() {
        for (state, outcomes, times) in [
            ("accepted", &["refused_temporary", "accepted"][..], 1),
            ("accepted", &["unknown", "accepted"], 2),
            ("failed", &["refused_permanent"], 0),
            ("failed", &["unknown", "unknown"], 2),
        ] {
            let verdict = judged(state, outcomes, times);
            assert_eq!((verdict.all(), verdict.broken()), (1, vec![]), "{state} {outcomes:?}");
            assert_eq!(verdict.repeated, usize::from(times == 2));
        }
    }

    #[test]
    fn what_went_wrong_is_seen() {
        for (state, outcomes, times, what) in [
            ("accepted", &["accepted"][..], 0, "lost"),
            ("queued", &[], 0, "not settled"),
            ("accepted", &["accepted", "accepted"], 2, "doubled although"),
            ("accepted", &["refused_temporary", "accepted"], 2, "doubled although"),
            ("accepted", &["unknown", "unknown", "accepted"], 3, "more than once"),
            ("failed", &["refused_temporary"], 0, "without a reason"),
            ("failed", &["unknown"], 1, "without a reason"),
            ("failed", &["refused_permanent"], 1, "although they were taken"),
            ("needs_decision", &["unknown", "unknown"], 1, "without a reason"),
            ("expired", &[], 0, "without a reason"),
        ] {
            let broken = judged(state, outcomes, times).broken();
            assert!(broken.len() == 1 && broken[0].contains(what), "{what}: {broken:?}");
        }
        let nobodys = judge(&[], vec!["a list".to_owned()], &[], &[accepted(Uuid::nil())]);
        assert_eq!(nobodys.broken().len(), 1);
        let mut letter = Letter {
            id: Uuid::nil(),
            kind: "batch_done".to_owned(),
            address: Some(ADDRESS.to_owned()),
            delivery_id: None,
            state: None,
        };
        let lost = judge(&[letter.clone()], Vec::new(), &[], &[]);
        assert_eq!(lost.lost.len(), 1);
        (letter.delivery_id, letter.state) = (Some(Uuid::from_u128(1)), Some("queued".to_owned()));
        let another = judge(&[letter], Vec::new(), &[], &[accepted(Uuid::from_u128(9))]);
        assert_eq!((another.unasked.len(), another.unsettled.len()), (1, 1));
    }
}
