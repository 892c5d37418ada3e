//! What everybody saw, side by side: the API's counts, the ledger's rows, the provider's messages.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::installation::{Failure, Installation};

/// The end of a demo.
#[derive(Debug)]
pub(super) struct Summary {
    accepted: u64,
    declined: u64,
    api: BTreeMap<String, i64>,
    ledger: BTreeMap<String, i64>,
    /// Messages that the provider took.
    taken: u64,
    /// Recipients that the provider took more than one message for.
    doubled: u64,
    /// Deliveries whose outcome was unknown and that were repeated: the only ones that may be doubled.
    repeated: u64,
    seconds: f64,
}

impl Summary {
    /// Asks everybody.
    pub(super) async fn of(
        installation: &Installation,
        answer: &Value,
        status: &Value,
        took: Duration,
    ) -> Result<Self, Failure> {
        let number = |field: &str| answer[field].as_u64().unwrap_or(0);
        let counts = status["counts"].as_object().ok_or("the batch has no counts")?;
        let nonzero = |(state, count): (&String, &Value)| {
            Some((state.clone(), count.as_i64().filter(|count| *count != 0)?))
        };
        let ledger: Vec<(String, i64)> =
            sqlx::query_as("SELECT state::text, count(*) FROM deliveries GROUP BY state")
                .fetch_all(&installation.pool)
                .await?;
        let repeated: i64 = sqlx::query_scalar("SELECT count(*) FROM deliveries WHERE repeated")
            .fetch_one(&installation.pool)
            .await?;
        Ok(Self {
            accepted: number("accepted"),
            declined: number("skipped") + number("rejected") + number("to_check"),
            api: counts.iter().filter_map(nonzero).collect(),
            ledger: ledger.into_iter().collect(),
            taken: installation.smtp.total(),
            doubled: installation.smtp.doubled().len() as u64,
            repeated: u64::try_from(repeated)?,
            seconds: took.as_secs_f64(),
        })
    }

    /// Whether API and ledger count the same, the counts sum to what was accepted, and the provider saw each accepted
    /// message once, or twice where an unknown outcome was repeated.
    pub(super) fn agrees(&self) -> bool {
        let total: i64 = self.ledger.values().sum();
        let sent = u64::try_from(self.ledger.get("accepted").copied().unwrap_or(0)).unwrap_or(0);
        self.api == self.ledger
            && u64::try_from(total) == Ok(self.accepted)
            && self.doubled <= self.repeated
            && self.taken == sent + self.doubled
    }

    /// For a person.
    pub(super) fn words(&self) -> Vec<String> {
        let states = |counts: &BTreeMap<String, i64>| {
            counts.iter().map(|(state, count)| format!("{state} {count}")).collect::<Vec<_>>().join(" · ")
        };
        vec![
            String::new(),
            format!("Done in {:.1} s.", self.seconds),
            format!("  the API counts      {}", states(&self.api)),
            format!("  the ledger holds    {}", states(&self.ledger)),
            format!(
                "  the provider took   {} messages, {} of them a repeat after an unknown outcome",
                self.taken, self.doubled
            ),
            if self.agrees() { "  All three agree." } else { "  THEY DO NOT AGREE." }.to_owned(),
        ]
    }

    /// For a program: one line.
    pub(super) fn json(&self) -> String {
        json!({
            "accepted": self.accepted,
            "declined": self.declined,
            "counts": self.api,
            "ledger": self.ledger,
            "provider": {"taken": self.taken, "doubled": self.doubled},
            "repeated": self.repeated,
            "seconds": (self.seconds * 10.0).round() / 10.0,
            "agree": self.agrees(),
        })
        .to_string()
    }
}
