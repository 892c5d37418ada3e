//! A subject as its figures see it, whoever wrote it: a door for lists, a ledger that counts outcomes, and the provider.
//!
//! Promise: what is asked of one is asked of another in the same way, and by the same clock.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time::Instant;

use super::round;
use crate::{
    installation::{Client, Community, Failure},
    sandbox::smtp::SmtpSandbox,
};

pub(super) const PATIENCE: Duration = Duration::from_mins(5);
/// Of so many messages the provider is to take some before its own patience ends.
const STRIDE: u64 = 1_000;

/// Where lists go in.
#[derive(Clone, Debug)]
pub(super) enum Door {
    /// Porchlight's, for one community's e-mails.
    Community(Client, Community),
    /// The same for texts.
    Texts(Client, Community),
    /// An address that takes `{"rows": […]}`.
    Address(reqwest::Client, String),
}

impl Door {
    /// Sends a list and returns once it is accepted.
    pub(super) async fn send(&self, rows: Vec<Value>) -> Result<(), Failure> {
        let (status, body) = match self {
            Self::Community(client, community) => {
                let list = json!({"channel": "email", "rows": rows});
                let answer = client.send_list(community, &list).await?;
                (answer.status, answer.body.to_string())
            }
            Self::Texts(client, community) => {
                let consent = json!({"statement": "Everybody ticked the box on the annual form."});
                let list = json!({"channel": "text", "rows": rows, "consent": consent});
                let answer = client.send_list(community, &list).await?;
                (answer.status, answer.body.to_string())
            }
            Self::Address(http, address) => {
                let answer = http.post(address).json(&json!({"rows": rows})).send().await?;
                (answer.status(), answer.text().await?)
            }
        };
        if status == 202 { Ok(()) } else { Err(format!("a list was not accepted: {body}").into()) }
    }
}

impl Door {
    /// Entries of a list through this door: addresses that begin so, or numbers that nobody had before.
    pub(super) fn rows(&self, prefix: &str, count: u32) -> Vec<Value> {
        static DRAWN: AtomicU32 = AtomicU32::new(0);
        match self {
            Self::Community(..) | Self::Address(..) => rows(prefix, count),
            Self::Texts(..) => {
                let first = DRAWN.fetch_add(count, Ordering::Relaxed);
                // Those that end in a number below 1000 are rules of the sandbox.
                let number = |n: u32| format!("+1312{}{}", 550 + n / 9_000, 1_000 + n % 9_000);
                (first..first + count).map(|n| json!({"phone": number(n)})).collect()
            }
        }
    }
}

/// How a ledger is asked.
#[derive(Debug)]
pub(super) struct Ledger {
    /// How many messages it knows.
    pub(super) stored: &'static str,
    /// How many of them are recorded as sent.
    pub(super) recorded: &'static str,
}

/// Porchlight's.
pub(super) const PORCHLIGHT: Ledger = Ledger {
    stored: "SELECT count(*) FROM deliveries",
    // From the tallies: counting the deliveries themselves would take its share of the machine.
    recorded: "SELECT coalesce(sum(count), 0)::bigint FROM tallies WHERE state = 'accepted'",
};

/// Whoever sends what is given to it.
#[derive(Debug)]
pub(super) struct Sender<'a> {
    pub(super) door: Door,
    pub(super) pool: &'a PgPool,
    pub(super) ledger: &'static Ledger,
    pub(super) smtp: &'a SmtpSandbox,
}

impl Sender<'_> {
    /// How many messages the ledger knows.
    pub(super) async fn stored(&self) -> Result<i64, Failure> {
        Ok(sqlx::query_scalar(self.ledger.stored).fetch_one(self.pool).await?)
    }

    /// Waits until the provider has taken so many since it began to count.
    pub(super) async fn until_taken(&self, count: u64) {
        while self.smtp.total() < count {
            self.smtp.wait_for(count.min(self.smtp.total() + STRIDE)).await;
        }
    }

    /// Waits until so many outcomes are in the ledger.
    pub(super) async fn until_recorded(&self, count: i64) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            let recorded: i64 = sqlx::query_scalar(self.ledger.recorded).fetch_one(self.pool).await?;
            if recorded >= count {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{recorded} of {count} were recorded in {PATIENCE:?}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Entries of a list.
pub(super) fn rows(prefix: &str, count: u32) -> Vec<Value> {
    (0..count)
        .map(|n| json!({"email": format!("{prefix}{n}@example.net"), "name": format!("Member {n}")}))
        .collect()
}

/// Sends single invitations, one at a time. Answers, sorted, what each took from the call to the provider's "taken".
pub(super) async fn singles(sender: &Sender<'_>, count: u32) -> Result<Vec<Duration>, Failure> {
    let mut took = Vec::new();
    for n in 0..count {
        let before = sender.smtp.total();
        let began = Instant::now();
        sender.door.send(rows(&format!("single-{n}-"), 1)).await?;
        sender.until_taken(before + 1).await;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(took)
}

/// A list that went out.
#[derive(Debug)]
pub(super) struct Listed {
    messages: u32,
    /// From the call to its answer.
    accepted: Duration,
    /// From the call to the last outcome in the ledger.
    took: Duration,
    /// Recipients who got more than one message, since the provider began to count.
    doubled: usize,
}

impl Listed {
    /// Messages a second.
    pub(super) fn rate(&self) -> f64 {
        round(f64::from(self.messages) / self.took.as_secs_f64())
    }

    /// What is reported of it.
    pub(super) fn values(&self) -> Value {
        json!({
            "messages": self.messages,
            "intake_s": round(self.accepted.as_secs_f64()),
            "seconds": round(self.took.as_secs_f64()),
            "per_second": self.rate(),
            "doubled": self.doubled,
        })
    }
}

/// From the call to the last outcome in the ledger.
pub(super) async fn list(sender: &Sender<'_>, prefix: &str, messages: u32) -> Result<Listed, Failure> {
    let stored = sender.stored().await?;
    let taken = sender.smtp.total();
    let rows = rows(prefix, messages);
    let began = Instant::now();
    sender.door.send(rows).await?;
    let accepted = began.elapsed();
    sender.until_taken(taken + u64::from(messages)).await;
    sender.until_recorded(stored + i64::from(messages)).await?;
    let took = began.elapsed();
    Ok(Listed { messages, accepted, took, doubled: sender.smtp.doubled().len() })
}
