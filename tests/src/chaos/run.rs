//! One run, from the first fault until everything has settled.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use rand::{SeedableRng, rngs::StdRng};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Account, Attempt, Delivery, Order, Row, audit,
    fleet::{self, Fleet, SLOTS},
    letters,
};
use crate::{
    installation::{Failure, Programs},
    stack::Options,
};

/// Within this everything has settled: the last promise is 20 minutes after a kill.
const SETTLING: Duration = Duration::from_mins(25);
/// Leaders are told of a list of texts when its receipts have had their time, and their letter may be repeated.
const TELLING: Duration = Duration::from_mins(35);
/// The same where time is moved.
const HURRIED: Duration = Duration::from_mins(5);
/// One is killed, and the others go on.
const WORKERS: usize = 3;
/// Before the next harm is done, the line is as short as so many harms' messages.
const BEHIND: i64 = 2;

/// A run, under way.
pub(super) struct Run {
    pub(super) fleet: Fleet,
    pub(super) rng: StdRng,
    order: Order,
    account: Account,
    /// What was claimed when all was left to one worker.
    pub(super) claimed_before: HashSet<Uuid>,
    /// Since when it was, in seconds, by the ledger's clock.
    pub(super) alone_since: f64,
}

/// Does it all, and returns the account. `tell` hears how it goes.
///
/// # Errors
/// When the harness itself cannot go on; what the installation does wrong stands in the account.
pub async fn run(programs: Programs, order: &Order, tell: impl Fn(&str)) -> Result<Account, Failure> {
    // What was committed has left the process that is killed, even where nothing reaches the disk.
    let options = if order.hurry { Options::fast().synchronous_commit(true) } else { Options::durable() };
    let variables = [
        ("PORCHLIGHT_SMTP_RATE", "2000"),
        ("PORCHLIGHT_SMS_RATE", "1000"),
        // Who asks for links comes from another house each time.
        ("PORCHLIGHT_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("PORCHLIGHT_EMAIL_RETRY", "2s,5s,15s,1m,2m"),
        ("PORCHLIGHT_TEXT_RETRY", "2s,5s,15s,1m,2m"),
    ];
    let fleet = Fleet::start(programs, options, WORKERS, &variables, &order.worker_variables).await?;
    fleet.add_leaders(fleet.feeder.communities()).await?;
    let account = Account::new(order, SLOTS);
    let rng = StdRng::seed_from_u64(order.seed);
    let mut run =
        Run { fleet, rng, order: order.clone(), account, claimed_before: HashSet::new(), alone_since: 0.0 };
    let began = Instant::now();
    for (number, &row) in order.rows.iter().enumerate() {
        if let Err(error) = run.carry_out(row).await {
            run.let_go().await;
            let state = run.fleet.state().await.unwrap_or_else(|error| error.to_string());
            return Err(format!("fault {}, {row:?}: {error}; {state}", number + 1).into());
        }
        tell(&format!("{}/{} {} {}", number + 1, order.rows.len(), row.part().as_str(), row.title()));
    }
    run.feed_rest().await?;
    run.settle(&tell).await?;
    run.account.took = began.elapsed();
    run.judge().await?;
    Ok(run.account)
}

impl Run {
    /// One fault, from a short line of messages until it is over.
    async fn carry_out(&mut self, row: Row) -> Result<(), Failure> {
        self.catch_up().await?;
        let at = self.fleet.now().await?;
        self.account.begin(row, at);
        self.strike(row).await
    }

    /// How many e-mails and texts a share of one fault's messages is.
    pub(super) fn portion(&self, of: usize) -> (usize, usize) {
        let all = (self.order.messages / self.order.rows.len().max(1) / of).max(4);
        (all - all / 4, all / 4)
    }

    /// Sends what rounding left over.
    async fn feed_rest(&self) -> Result<(), Failure> {
        let sent: usize = self.fleet.feeder.promises().iter().map(|promise| promise.addresses.len()).sum();
        let rest = self.order.messages.saturating_sub(sent);
        Arc::clone(&self.fleet.feeder).send_both(rest - rest / 4, rest / 4).await
    }

    /// Waits until every channel is open and there is not much left to send.
    async fn catch_up(&self) -> Result<(), Failure> {
        self.reopen().await?;
        let (emails, texts) = self.portion(1);
        let few = i64::try_from(emails + texts)? * BEHIND;
        let fleet = &self.fleet;
        fleet.until("the line is short", SETTLING, async || Ok(fleet.count(&["queued"]).await? <= few)).await
    }

    /// A channel that was closed is tried again after a minute, then after twice as long, and so on; an hour of being
    /// open forgets that. Here the hour is taken as past, so that the next fault need not wait for it.
    async fn reopen(&self) -> Result<(), Failure> {
        let fleet = &self.fleet;
        let pool = &fleet.installation.pool;
        let open = async || {
            let open = sqlx::query_scalar("SELECT bool_and(closed_at IS NULL) FROM channels");
            Ok(open.fetch_one(pool).await?)
        };
        for _ in 0..10 {
            if open().await? {
                break;
            }
            if self.order.hurry {
                sqlx::query("UPDATE channels SET closed_until = app_now() WHERE closed_at IS NOT NULL")
                    .execute(pool)
                    .await?;
                fleet.redis.open_gates().await?;
            }
            let patience = if self.order.hurry { Duration::from_secs(10) } else { SETTLING };
            let _closed = fleet.until("every channel is open", patience, open).await;
        }
        sqlx::query("UPDATE channels SET closings = 0 WHERE closed_at IS NULL").execute(pool).await?;
        Ok(())
    }

    /// Whether nothing waits, runs or is being found out, and leaders were told of every list.
    async fn has_settled(&self) -> Result<bool, Failure> {
        const OPEN: [&str; 5] = ["held", "queued", "sending", "retry_wait", "checking"];
        let told = sqlx::query_scalar(
            "SELECT NOT EXISTS (SELECT FROM batches WHERE purpose = 'list' AND told_at IS NULL)",
        );
        let told: bool = told.fetch_one(&self.fleet.installation.pool).await?;
        Ok(told && self.fleet.count(&OPEN).await? == 0)
    }

    async fn settle(&mut self, tell: &impl Fn(&str)) -> Result<(), Failure> {
        let fleet = &self.fleet;
        if !self.order.hurry {
            tell("no more faults; waiting until everything has settled");
            // What is not settled then stands in the account.
            let _late = fleet
                .until("everything has settled", SETTLING + TELLING, async || self.has_settled().await)
                .await;
            return Ok(());
        }
        let began = Instant::now();
        while began.elapsed() < HURRIED {
            let _busy = fleet.until_still().await;
            if self.has_settled().await? {
                return Ok(());
            }
            self.pass_time().await?;
        }
        Ok(())
    }

    /// Three minutes pass. Redis goes by a clock of its own, so what waits there is forgotten, and comes back from the
    /// ledger; reconcilers look once more.
    async fn pass_time(&self) -> Result<(), Failure> {
        let fleet = &self.fleet;
        let pool = &fleet.installation.pool;
        let mut connection = fleet.redis.connection().await?;
        redis::cmd("FLUSHALL").exec_async(&mut connection).await?;
        sqlx::query("UPDATE app_clock SET ahead = ahead + '3 minutes'").execute(pool).await?;
        let moved = fleet.now().await?;
        fleet
            .until("reconcilers looked", fleet::PATIENCE, async || {
                let looked = sqlx::query_scalar(
                    "SELECT bool_and(looked_at >= to_timestamp($1)) FROM reconcilers
                     WHERE name IN ('overdue', 'checking', 'held', 'due_email', 'due_text', 'finished', 'notices', 'progress')",
                );
                Ok(looked.bind(moved).fetch_one(pool).await?)
            })
            .await
    }

    pub(super) fn note_kill(&mut self) {
        if let Some(struck) = self.account.struck.last_mut() {
            struck.killed += 1;
        }
    }

    /// The fault that is under way is over, and what begins from now on has nothing to do with it.
    pub(super) async fn note_end(&mut self) -> Result<(), Failure> {
        let now = self.fleet.now().await?;
        if let Some(struck) = self.account.struck.last_mut() {
            struck.until = now;
        }
        Ok(())
    }

    pub(super) fn note_stop(&mut self, took: Duration) {
        self.account.longest_stop = self.account.longest_stop.max(took);
    }

    pub(super) fn note_unclaimed(&mut self, count: usize) {
        self.account.unclaimed += count;
    }

    /// Compares what was promised, what the ledger says and what the providers took.
    async fn judge(&mut self) -> Result<(), Failure> {
        let pool = &self.fleet.installation.pool;
        let deliveries: Vec<Delivery> = sqlx::query_as(
            "SELECT d.id, c.address, d.state::text, extract(epoch FROM d.changed_at)::float8 AS changed_at
             FROM deliveries d JOIN contacts c ON c.id = d.contact_id WHERE c.address IS NOT NULL",
        )
        .fetch_all(pool)
        .await?;
        let attempts: Vec<Attempt> = sqlx::query_as(
            "SELECT a.delivery_id, a.number, d.channel::text, extract(epoch FROM a.began_at)::float8 AS began_at,
                    extract(epoch FROM a.ended_at)::float8 AS ended_at, a.outcome::text,
                    coalesce(a.reason::text, '') AS reason, a.late
             FROM attempts a JOIN deliveries d ON d.id = a.delivery_id ORDER BY a.delivery_id, a.number",
        )
        .fetch_all(pool)
        .await?;
        let mut taken: HashMap<String, u32> = self.fleet.installation.smtp.counts();
        taken.extend(self.fleet.installation.twilio.counts());
        let promises = self.fleet.feeder.promises();
        let written = letters::read(pool).await?;
        // Whoever gets letters is in no list.
        for reader in written.iter().filter_map(|letter| letter.address.as_ref()) {
            taken.remove(reader);
        }
        let accepted = self.fleet.installation.smtp.accepted();
        self.account.letters = letters::judge(&written, letters::untold(pool).await?, &attempts, &accepted);
        self.account.verdict = audit::judge(&promises, &deliveries, &attempts, &taken);
        self.account.attribute(&attempts);
        self.account.requests_repeated = self.fleet.feeder.repeated();
        // What was wrong for a while and put right since counts too.
        self.account.miscounted = sqlx::query_scalar(
            "SELECT count(*) + (SELECT count(*) FROM reconcilers WHERE name = 'tallies' AND found_at IS NOT NULL)
             FROM (
                 SELECT batch_id, state, sum(count) AS count FROM tallies GROUP BY 1, 2 HAVING sum(count) <> 0
             ) AS t FULL JOIN (
                 SELECT batch_id, state, count(*) AS count FROM deliveries WHERE newest GROUP BY 1, 2
             ) AS d USING (batch_id, state) WHERE t.count IS DISTINCT FROM d.count",
        )
        .fetch_one(pool)
        .await?;
        Ok(())
    }
}
