//! BullMQ and Porchlight beside each other: the same lists, in turn, on the same servers, to the same provider.
//!
//! Promise: while one is measured no process of the other runs, and BullMQ, which is first, leaves nothing in the
//! servers. Neighbours: [`turn`](super::turn) is what each is put through, [`bullmq`](super::bullmq) is the other one.

use serde_json::{Map, Value, json};

use super::{
    Arguments, Subject,
    bullmq::{Bullmq, Installed},
    report, round,
    sending::{Door, PORCHLIGHT, Sender},
    turn::{Contender, Said, turn},
};
use crate::installation::{Client, Community, Failure, Installation, Process};

/// Porchlight's connections to a provider that takes its time: as many as BullMQ has to any.
const SLOW_CONNECTIONS: &str = "100";

/// What is compared: its name, where it stands, and whether more of it is better.
const COMPARED: [(&str, &str, &str, bool); 8] = [
    ("intake", "peer_intake", "per_second", true),
    ("list", "peer_list", "per_second", true),
    ("list_slow", "peer_list_slow", "per_second", true),
    ("processor", "peer_processor", "ms_per_1000", false),
    ("single_p50", "peer_single", "p50_ms", false),
    ("single_p99", "peer_single", "p99_ms", false),
    ("behind_p99", "peer_behind", "p99_ms", false),
    ("memory", "peer_memory", "peak_mb", false),
];

/// Measures both, and with them ends the installation.
pub(super) async fn peer(subject: Subject, bullmq: &Installed, arguments: &Arguments) -> Result<(), Failure> {
    let sender = subject.sender();
    sender.until_recorded(sender.stored().await?).await?;
    let Subject { worker, api, mut installation, stack, .. } = subject;
    worker.stop().await?;
    api.stop().await?;

    let mut contender = Bullmq::start(bullmq, &stack, &installation.smtp).await?;
    let theirs = turn(&mut contender, &stack, arguments).await?;
    contender.end(&stack).await?;

    // Communities that nobody was invited to before.
    let community = installation.create_community("Riverside Gardening Club", &[]).await?;
    let other = installation.create_community("Oakridge Neighbours", &[]).await?;
    let (api, client) = installation.start_api().await?;
    let connections = arguments.connections.to_string();
    let mut contender = Porchlight { installation, api, client, community, other, connections };
    let ours = turn(&mut contender, &stack, arguments).await?;
    contender.api.stop().await?;

    report("peer_ratio", &ratios(&ours, &theirs));
    Ok(())
}

/// How many times better Porchlight is: less than one where BullMQ is.
fn ratios(ours: &Said, theirs: &Said) -> Value {
    let mut found = Map::new();
    for (name, figure, field, more) in COMPARED {
        let number = |said: &Said| said.get(figure).and_then(|values| values[field].as_f64());
        let (Some(ours), Some(theirs)) = (number(ours), number(theirs)) else { continue };
        found.insert(name.to_owned(), json!(round(if more { ours / theirs } else { theirs / ours })));
    }
    found.into()
}

/// Ourselves, as a contender.
struct Porchlight {
    installation: Installation,
    api: Process,
    client: Client,
    community: Community,
    other: Community,
    connections: String,
}

impl Contender for Porchlight {
    const NAME: &'static str = "porchlight";

    fn sender(&self) -> Sender<'_> {
        let Installation { pool, smtp, .. } = &self.installation;
        let door = Door::Community(self.client.clone(), self.community.clone());
        Sender { door, pool, smtp, ledger: &PORCHLIGHT }
    }

    fn other(&self) -> Door {
        Door::Community(self.client.clone(), self.other.clone())
    }

    fn intake(&self) -> u32 {
        self.api.id()
    }

    async fn start_workers(&mut self, slow: bool) -> Result<Vec<Process>, Failure> {
        let connections = if slow { SLOW_CONNECTIONS } else { &self.connections };
        let variables = [("PORCHLIGHT_SMTP_CONNECTIONS", connections)];
        Ok(vec![self.installation.start_worker_with(&variables).await?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn above_one_speaks_for_us() {
        let ours = Said::from([
            ("peer_list", json!({"per_second": 300.0})),
            ("peer_memory", json!({"peak_mb": 20.0})),
            ("peer_single", json!({"p50_ms": null})),
        ]);
        let theirs = Said::from([
            ("peer_list", json!({"per_second": 100.0})),
            ("peer_memory", json!({"peak_mb": 50.0})),
            ("peer_single", json!({"p50_ms": 8.0})),
        ]);
        assert_eq!(ratios(&ours, &theirs), json!({"list": 3.0, "memory": 2.5}));
    }
}
