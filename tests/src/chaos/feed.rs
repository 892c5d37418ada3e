//! Lists that come in whatever else happens, and what was promised about them.
//!
//! A caller behaves as a careful program does: one `Idempotency-Key` for each list, and the same request again, at any
//! API, until it is answered. Each address occurs once in a whole run, so that two messages to it are one too many.

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::installation::{Client, Community, Failure};

/// What no API accepted by then is not accepted.
const PATIENCE: Duration = Duration::from_mins(3);
/// Between two tries of one list.
const PAUSE: Duration = Duration::from_millis(50);

/// How a list travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// E-mails.
    Email,
    /// Texts.
    Text,
}

impl Channel {
    /// The word in the API and in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Text => "text",
        }
    }
}

/// What the API took upon itself: to write to these.
#[derive(Clone, Debug)]
pub(super) struct Promise {
    pub(super) channel: Channel,
    pub(super) addresses: Vec<String>,
}

/// Whoever sends lists.
#[derive(Debug)]
pub(super) struct Feeder {
    communities: Vec<Community>,
    clients: RwLock<Vec<Client>>,
    /// Where each list is tried first; beyond the last: in turn.
    preferred: AtomicUsize,
    promises: Mutex<Vec<Promise>>,
    lists: AtomicUsize,
    people: [AtomicUsize; 2],
    /// Links that were asked for.
    asked: AtomicUsize,
    /// Requests that had to be repeated.
    repeated: AtomicUsize,
}

impl Feeder {
    pub(super) fn new(communities: Vec<Community>) -> Self {
        Self {
            communities,
            clients: RwLock::default(),
            preferred: AtomicUsize::new(usize::MAX),
            promises: Mutex::default(),
            lists: AtomicUsize::new(0),
            people: [AtomicUsize::new(0), AtomicUsize::new(0)],
            asked: AtomicUsize::new(0),
            repeated: AtomicUsize::new(0),
        }
    }

    /// Whose lists they are.
    pub(super) fn communities(&self) -> &[Community] {
        &self.communities
    }

    /// From now on each list is tried at API number `place` first.
    pub(super) fn prefer(&self, place: usize) {
        self.preferred.store(place, Ordering::Relaxed);
    }

    /// From now on APIs are tried in turn.
    pub(super) fn prefer_none(&self) {
        self.prefer(usize::MAX);
    }

    /// From now on API number `place` is there.
    pub(super) fn reach(&self, place: usize, client: Client) {
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        if place < clients.len() {
            clients[place] = client;
        } else {
            clients.push(client);
        }
    }

    /// Whether API number `place` can do its work.
    pub(super) async fn is_ready(&self, place: usize) -> Result<bool, Failure> {
        let client = self.clients.read().unwrap_or_else(PoisonError::into_inner)[place].clone();
        Ok(client.get_plain("/readyz").await?.0.is_success())
    }

    /// Sends a list of so many; returns once an API has promised to deliver it.
    ///
    /// # Errors
    /// When none does within three minutes, or one refuses it.
    pub(super) async fn send(&self, channel: Channel, count: usize) -> Result<(), Failure> {
        let from = self.people[channel as usize].fetch_add(count, Ordering::Relaxed);
        self.send_to(channel, (from..from + count).map(|n| address(channel, n)).collect()).await
    }

    /// E-mails to people with whom nothing goes wrong.
    pub(super) async fn send_plain(&self, count: usize) -> Result<(), Failure> {
        let from = self.people[Channel::Email as usize].fetch_add(count, Ordering::Relaxed);
        let addresses = (from..from + count).map(|n| format!("plain-{n}@example.net"));
        self.send_to(Channel::Email, addresses.collect()).await
    }

    async fn send_to(&self, channel: Channel, addresses: Vec<String>) -> Result<(), Failure> {
        let list = self.lists.fetch_add(1, Ordering::Relaxed);
        let body = body(channel, &addresses).to_string().into_bytes();
        let (key, community) = (format!("list-{list}"), &self.communities[list % self.communities.len()]);
        let began = Instant::now();
        for round in 0.. {
            let client = {
                let clients = self.clients.read().unwrap_or_else(PoisonError::into_inner);
                let preferred = self.preferred.load(Ordering::Relaxed);
                let first = if preferred < clients.len() { preferred } else { list };
                clients[(first + round) % clients.len()].clone()
            };
            let answer = client.post(community, "batches", body.clone(), &[("idempotency-key", &key)]).await;
            match answer {
                Ok(answer) if answer.status == 202 => {
                    let accepted = answer.body["accepted"].as_u64();
                    if accepted != Some(addresses.len() as u64) {
                        return Err(format!("not all rows were accepted: {}", answer.body).into());
                    }
                    break;
                }
                // A twin in flight, too many requests, or a server in trouble; or none at all.
                Ok(answer)
                    if [409, 429].contains(&answer.status.as_u16()) || answer.status.is_server_error() => {}
                Ok(answer) => return Err(format!("a list was refused: {}", answer.body).into()),
                Err(_) => {}
            }
            if began.elapsed() > PATIENCE {
                return Err("no API accepted a list".into());
            }
            self.repeated.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
        }
        let promise = Promise { channel, addresses };
        self.promises.lock().unwrap_or_else(PoisonError::into_inner).push(promise);
        Ok(())
    }

    /// Sends an e-mail list and a text list, one behind the other.
    pub(super) async fn send_both(self: Arc<Self>, emails: usize, texts: usize) -> Result<(), Failure> {
        if texts > 0 {
            self.send(Channel::Text, texts).await?;
        }
        if emails > 0 {
            self.send(Channel::Email, emails).await?;
        }
        Ok(())
    }

    /// Has a link sent to a leader who has none, from another house each time; returns once an API says that it is on its
    /// way. Where none does, another leader asks: one may not ask for ever. That is no promise: what is judged is what was
    /// written.
    pub(super) async fn ask_for_a_link(&self) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            let n = self.asked.fetch_add(1, Ordering::Relaxed);
            let form = format!("email={}", signer(n % SIGNERS).replace('@', "%40"));
            let from = format!("10.{}.{}.7", n / 250 % 250, n % 250);
            let client = {
                let clients = self.clients.read().unwrap_or_else(PoisonError::into_inner);
                clients[n % clients.len()].clone()
            };
            match client.submit("/sign-in", form, &from).await {
                Ok(status) if status.is_success() => return Ok(()),
                Ok(status) if !status.is_server_error() => {
                    return Err(format!("a link was refused: {status}").into());
                }
                Ok(_) | Err(_) => {}
            }
            if began.elapsed() > PATIENCE {
                return Err("no API would send a link".into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Everything that was promised.
    pub(super) fn promises(&self) -> Vec<Promise> {
        self.promises.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn repeated(&self) -> usize {
        self.repeated.load(Ordering::Relaxed)
    }
}

fn body(channel: Channel, addresses: &[String]) -> Value {
    match channel {
        Channel::Email => {
            let rows: Vec<_> = addresses.iter().map(|address| json!({"email": address})).collect();
            json!({"channel": "email", "rows": rows})
        }
        Channel::Text => {
            let rows: Vec<_> = addresses.iter().map(|number| json!({"phone": number})).collect();
            json!({"channel": "text", "rows": rows, "consent": {"statement": "Everybody ticked the box."}})
        }
    }
}

/// Of a hundred addresses so many carry a mishap of their own; the sandboxes' heads say what they mean. Fewer than
/// one in twenty does not exist: more would pause a list.
const EMAIL_MISHAPS: [(usize, &str); 8] = [
    (7, "greylist-1-"),
    (19, "tempfail-data-1-"),
    (31, "drop-before-dot-1-"),
    (43, "drop-after-dot-1-"),
    (55, "refuse-"),
    (67, "refuse-data-"),
    (79, "delay-300ms-"),
    (91, "greylist-data-2-"),
];
/// The same for numbers, by their last four digits.
const TEXT_MISHAPS: [(usize, &str); 7] =
    [(11, "0001"), (23, "0004"), (37, "0006"), (49, "0007"), (61, "0009"), (73, "0011"), (87, "0012")];

/// The address of person `n`.
fn address(channel: Channel, n: usize) -> String {
    let mishap = |mishaps: &[(usize, &'static str)]| {
        mishaps.iter().find(|(place, _)| *place == n % 100).map_or("", |(_, mishap)| *mishap)
    };
    match channel {
        Channel::Email => format!("{}resident-{n}@example.net", mishap(&EMAIL_MISHAPS)),
        Channel::Text => {
            // A hundred numbers for each area and exchange, so that a mishap's four digits occur once in them.
            let (area, exchange) = (AREAS[n / 100 / 700 % AREAS.len()], 210 + n / 100 % 700);
            match mishap(&TEXT_MISHAPS) {
                "" => format!("+1{area}{exchange}{:04}", 2_000 + n % 100),
                digits => format!("+1{area}{exchange}{digits}"),
            }
        }
    }
}

/// Leaders who ask for a link, each with a mishap of their own as often as anybody else, and some more.
pub(super) const SIGNERS: usize = 2_000;

/// The address of leader `n`: of three, one gets theirs at once.
pub(super) fn signer(n: usize) -> String {
    let mishap = match n % 3 {
        0 => "",
        1 => EMAIL_MISHAPS[n / 3 % EMAIL_MISHAPS.len()].1,
        _ => "drop-after-dot-1-",
    };
    format!("{mishap}leader-{n}@example.net")
}

/// Area codes with seven hundred exchanges each.
const AREAS: [usize; 8] = [312, 212, 415, 617, 305, 713, 206, 404];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nobody_is_written_to_twice() {
        for channel in [Channel::Email, Channel::Text] {
            let all: HashSet<_> = (0..200_000).map(|n| address(channel, n)).collect();
            assert_eq!(all.len(), 200_000, "{channel:?}");
        }
    }

    #[test]
    fn fewer_than_one_in_twenty_does_not_exist() {
        let dead = EMAIL_MISHAPS.iter().filter(|(_, mishap)| mishap.starts_with("refuse-")).count();
        assert!(dead <= 4);
    }
}
