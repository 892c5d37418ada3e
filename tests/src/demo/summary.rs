//! What everybody saw, side by side: the API's counts, the ledger's rows, the providers' messages.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::Sent;
use crate::installation::{Failure, Installation};

/// Deliveries by state; none has a state that is not there.
type Counts = BTreeMap<String, u64>;

/// The end of a demo.
#[derive(Debug)]
pub(super) struct Summary {
    accepted: u64,
    declined: u64,
    emails: Side,
    texts: Side,
    /// Deliveries whose outcome was unknown and that were repeated: the only ones that may be doubled.
    repeated: u64,
    seconds: f64,
}

/// One channel, as everybody saw it.
#[derive(Debug)]
struct Side {
    api: Counts,
    ledger: Counts,
    /// Messages that the provider took.
    taken: u64,
    /// Recipients that the provider took more than one message for.
    doubled: u64,
}

impl Summary {
    /// Asks everybody. What was answered to the lists, and what the API shows of them now, comes e-mail first.
    pub(super) async fn of(
        installation: &Installation,
        sent: &[Sent; 2],
        statuses: &[Value; 2],
        took: Duration,
    ) -> Result<Self, Failure> {
        let number =
            |field: &str| -> u64 { sent.iter().filter_map(|sent| sent.answer[field].as_u64()).sum() };
        let mut ledger = ledger(installation).await?;
        let repeated: i64 = sqlx::query_scalar("SELECT count(*) FROM deliveries WHERE repeated")
            .fetch_one(&installation.pool)
            .await?;
        let Installation { smtp, twilio, .. } = installation;
        let [emails, texts] = statuses;
        Ok(Self {
            accepted: number("accepted"),
            declined: number("skipped") + number("rejected") + number("to_check"),
            emails: Side {
                api: shown(emails)?,
                ledger: ledger.remove("email").unwrap_or_default(),
                taken: smtp.total(),
                doubled: smtp.doubled().len() as u64,
            },
            texts: Side {
                api: shown(texts)?,
                ledger: ledger.remove("text").unwrap_or_default(),
                taken: twilio.total(),
                doubled: twilio.doubled().len() as u64,
            },
            repeated: u64::try_from(repeated)?,
            seconds: took.as_secs_f64(),
        })
    }

    /// Whether API and ledger count the same, the counts sum to what was accepted, and the providers saw each message
    /// that counts as theirs once; an e-mail twice where an unknown outcome was repeated, a text never.
    pub(super) fn agrees(&self) -> bool {
        let Self { emails, texts, .. } = self;
        emails.api == emails.ledger
            && texts.api == texts.ledger
            && emails.ledger.values().chain(texts.ledger.values()).sum::<u64>() == self.accepted
            && emails.doubled <= self.repeated
            && emails.taken == emails.holds(&["accepted"]) + emails.doubled
            && texts.doubled == 0
            && texts.taken == texts.holds(&["accepted", "delivered", "bounced"])
    }

    /// For a person.
    pub(super) fn words(&self) -> Vec<String> {
        let states = |counts: &Counts| {
            counts.iter().map(|(state, count)| format!("{state} {count}")).collect::<Vec<_>>().join(" · ")
        };
        let Self { emails, texts, .. } = self;
        vec![
            String::new(),
            format!("Done in {:.1} s.", self.seconds),
            format!("  the API counts      {}", states(&together(&emails.api, &texts.api))),
            format!("  the ledger holds    {}", states(&together(&emails.ledger, &texts.ledger))),
            format!(
                "  the providers took  {} e-mails, {} of them a repeat after an unknown outcome,",
                emails.taken, emails.doubled
            ),
            format!(
                "                      and {} texts; {} numbers got more than one",
                texts.taken, texts.doubled
            ),
            if self.agrees() { "  They all agree." } else { "  THEY DO NOT AGREE." }.to_owned(),
        ]
    }

    /// For a program: one line.
    pub(super) fn json(&self) -> String {
        let Self { emails, texts, .. } = self;
        json!({
            "accepted": self.accepted,
            "declined": self.declined,
            "counts": together(&emails.api, &texts.api),
            "ledger": together(&emails.ledger, &texts.ledger),
            "provider": {"taken": emails.taken + texts.taken, "doubled": emails.doubled + texts.doubled},
            "texts": {"taken": texts.taken, "doubled": texts.doubled},
            "repeated": self.repeated,
            "seconds": (self.seconds * 10.0).round() / 10.0,
            "agree": self.agrees(),
        })
        .to_string()
    }
}

impl Side {
    /// How many deliveries stand in one of these states.
    fn holds(&self, states: &[&str]) -> u64 {
        states.iter().filter_map(|state| self.ledger.get(*state)).sum()
    }
}

/// What the ledger holds of each channel.
async fn ledger(installation: &Installation) -> Result<BTreeMap<String, Counts>, Failure> {
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT channel::text, state::text, count(*) FROM deliveries GROUP BY channel, state")
            .fetch_all(&installation.pool)
            .await?;
    let mut ledger: BTreeMap<String, Counts> = BTreeMap::new();
    for (channel, state, count) in rows {
        ledger.entry(channel).or_default().insert(state, u64::try_from(count)?);
    }
    Ok(ledger)
}

/// What the API shows of a batch.
fn shown(status: &Value) -> Result<Counts, Failure> {
    let counts = status["counts"].as_object().ok_or("the batch has no counts")?;
    let nonzero = |(state, count): (&String, &Value)| {
        Some((state.clone(), count.as_u64().filter(|count| *count != 0)?))
    };
    Ok(counts.iter().filter_map(nonzero).collect())
}

fn together(one: &Counts, other: &Counts) -> Counts {
    let mut both = one.clone();
    for (state, count) in other {
        *both.entry(state.clone()).or_default() += count;
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(counts: &[(&str, u64)], taken: u64, doubled: u64) -> Side {
        let counts: Counts = counts.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect();
        Side { api: counts.clone(), ledger: counts, taken, doubled }
    }

    fn summary() -> Summary {
        Summary {
            accepted: 20,
            declined: 2,
            emails: side(&[("accepted", 8), ("failed", 2)], 9, 1),
            texts: side(&[("accepted", 1), ("bounced", 2), ("delivered", 6), ("failed", 1)], 9, 0),
            repeated: 1,
            seconds: 1.0,
        }
    }

    #[test]
    fn all_have_to_agree() {
        assert!(summary().agrees());
        let spoilt: [fn(&mut Summary); 6] = [
            |summary| summary.accepted += 1,
            |summary| summary.repeated = 0,
            |summary| summary.emails.taken -= 1,
            |summary| summary.texts.taken += 1,
            |summary| summary.texts.doubled = 1,
            // The sums are the same.
            |summary| std::mem::swap(&mut summary.emails.api, &mut summary.texts.api),
        ];
        for spoil in spoilt {
            let mut summary = summary();
            spoil(&mut summary);
            assert!(!summary.agrees(), "{summary:?}");
        }
    }

    #[test]
    fn a_program_reads_the_totals_of_both_channels() {
        let line: Value = serde_json::from_str(&summary().json()).unwrap();
        let counts = json!({"accepted": 9, "bounced": 2, "delivered": 6, "failed": 3});
        assert_eq!((&line["counts"], &line["ledger"]), (&counts, &counts));
        assert_eq!(line["provider"], json!({"taken": 18, "doubled": 1}));
        assert_eq!(line["texts"], json!({"taken": 9, "doubled": 0}));
        assert_eq!(line["agree"], true);
    }
}
