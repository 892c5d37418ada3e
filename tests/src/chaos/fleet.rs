//! An installation of several APIs and workers, each behind faulty lines of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use super::{
    feed::{Feeder, SIGNERS, signer},
    redis::Redis,
};
use crate::{
    installation::{Community, Failure, Installation, Process, Programs},
    sandbox::{
        smtp::{Settings, SmtpSandbox},
        twilio::{self, TwilioSandbox},
    },
    stack::{
        Options, Stack,
        proxy::{Proxy, Upstream},
    },
};

/// SMTP connections of each worker,
pub(super) const CONNECTIONS: usize = 4;
/// and the attempts that a worker has under way at most: four for each connection, and 32 texts.
pub(super) const SLOTS: usize = 4 * CONNECTIONS + 32;
/// What is not so by then is not going to be.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// One process, behind its own lines to the ledger and to the queue.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) process: Option<Process>,
    pub(super) ledger: Proxy,
    pub(super) queue: Proxy,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Fleet {
    pub(super) installation: Installation,
    pub(super) apis: Vec<Member>,
    pub(super) workers: Vec<Member>,
    pub(super) feeder: Arc<Feeder>,
    pub(super) redis: Redis,
    /// The one that can take over.
    pub(super) spare: Option<Redis>,
    pub(super) stack: Stack,
    database: Url,
    worker_variables: Vec<(String, String)>,
}

impl Fleet {
    /// Starts two APIs and so many workers.
    pub(super) async fn start(
        programs: Programs,
        options: Options,
        workers: usize,
        variables: &[(&str, &str)],
        worker_variables: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        let stack = Stack::start(options).await?;
        let redis = Redis::start().await?;
        let database = stack.create_database("chaos").await?;
        let smtp = SmtpSandbox::start(Settings { sources_kept: 10, ..Settings::default() }).await?;
        let twilio = TwilioSandbox::start(twilio::Settings::default()).await?;
        let connections = CONNECTIONS.to_string();
        let mut all = vec![
            ("PORCHLIGHT_SMTP_CONNECTIONS", connections.as_str()),
            ("PORCHLIGHT_TEXT_WINDOW", "always"),
            ("RUST_LOG", "warn,porchlight_api=info,porchlight_worker=info"),
        ];
        all.extend_from_slice(variables);
        let installation =
            Installation::prepare(programs, &database, &redis.url(), smtp, twilio, &all).await?;
        let mut communities = Vec::new();
        for name in ["Oakridge HOA", "Riverside Gardening Club", "Hillside Choir"] {
            communities.push(installation.create_community(name, &[]).await?);
        }
        let worker_variables =
            worker_variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut fleet = Self {
            installation,
            apis: Vec::new(),
            workers: Vec::new(),
            feeder: Arc::new(Feeder::new(communities)),
            redis,
            spare: None,
            stack,
            database: database.parse()?,
            worker_variables,
        };
        for place in 0..2 {
            let member = fleet.member().await?;
            fleet.apis.push(member);
            fleet.start_api(place).await?;
        }
        for place in 0..workers {
            let member = fleet.member().await?;
            fleet.workers.push(member);
            fleet.start_worker(place).await?;
        }
        Ok(fleet)
    }

    /// Adds leaders by name: one to each community, and some who do nothing but sign in to another, so that nobody gets
    /// more than can be told apart.
    pub(super) async fn add_leaders(&self, communities: &[Community]) -> Result<(), Failure> {
        for (n, community) in communities.iter().enumerate() {
            let (id, email) = (&community.id, format!("chair-{n}@example.net"));
            let arguments = ["admin", "add-leader", "--community", id, "--email", &email, "--json"];
            self.installation.api_command(&arguments).await?;
        }
        let theirs = self.installation.create_community("Harbour Rowing Club", &[]).await?;
        let emails: Vec<String> = (0..SIGNERS).map(signer).collect();
        sqlx::query(
            "INSERT INTO leaders (id, community_id, email, role)
             SELECT gen_random_uuid(), $1::uuid, email, 'leader' FROM unnest($2::text[]) AS email",
        )
        .bind(Uuid::parse_str(&theirs.id)?)
        .bind(&emails)
        .execute(&self.installation.pool)
        .await?;
        Ok(())
    }

    /// Every process.
    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.apis.iter().chain(&self.workers)
    }

    async fn member(&self) -> Result<Member, Failure> {
        let port = self.database.port().ok_or("the ledger has no port")?;
        let ledger = Upstream::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let queue = Upstream::Tcp(self.redis.address());
        Ok(Member { process: None, ledger: Proxy::start(ledger).await?, queue: Proxy::start(queue).await? })
    }

    /// Starts API number `place`, which is not running.
    pub(super) async fn start_api(&mut self, place: usize) -> Result<(), Failure> {
        let (database, redis) = self.lines(&self.apis[place])?;
        let variables = [("DATABASE_URL", database.as_str()), ("REDIS_URL", redis.as_str())];
        let (process, client) = self.installation.start_api_with(&variables).await?;
        self.feeder.reach(place, client);
        self.apis[place].process = Some(process);
        Ok(())
    }

    /// Starts worker number `place`, which is not running.
    pub(super) async fn start_worker(&mut self, place: usize) -> Result<(), Failure> {
        self.start_worker_with(place, &[]).await
    }

    /// The same with more in its environment.
    pub(super) async fn start_worker_with(
        &mut self,
        place: usize,
        environment: &[(&str, String)],
    ) -> Result<(), Failure> {
        let (database, redis) = self.lines(&self.workers[place])?;
        let more = self.worker_variables.clone();
        let mut variables = vec![("DATABASE_URL", database.as_str()), ("REDIS_URL", redis.as_str())];
        variables.extend(more.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        variables.extend(environment.iter().map(|(name, value)| (*name, value.as_str())));
        self.workers[place].process = Some(self.installation.start_worker_with(&variables).await?);
        Ok(())
    }

    fn lines(&self, member: &Member) -> Result<(String, String), Failure> {
        let mut database = self.database.clone();
        database.set_port(Some(member.ledger.address().port())).map_err(|()| "the ledger has no port")?;
        Ok((database.to_string(), format!("redis://{}/0", member.queue.address())))
    }

    /// Every line to Redis leads to the one that leads.
    pub(super) fn lead_to_redis(&self) {
        for member in self.members() {
            member.queue.lead_to(Upstream::Tcp(self.redis.address()));
        }
    }

    /// Messages that the providers have taken, both kinds.
    pub(super) fn taken(&self) -> u64 {
        self.installation.smtp.total() + self.installation.twilio.total()
    }

    /// Now, by the ledger's clock, in seconds.
    pub(super) async fn now(&self) -> Result<f64, Failure> {
        let now = sqlx::query_scalar("SELECT extract(epoch FROM app_now())::float8");
        Ok(now.fetch_one(&self.installation.pool).await?)
    }

    /// Rows in these states.
    pub(super) async fn count(&self, states: &[&str]) -> Result<i64, Failure> {
        let count = sqlx::query_scalar(
            "SELECT coalesce(sum(count), 0)::bigint FROM tallies WHERE state::text = ANY ($1)",
        );
        Ok(count.bind(states).fetch_one(&self.installation.pool).await?)
    }

    /// How it stands, for whoever has to find out why it does not go on.
    pub(super) async fn state(&self) -> Result<String, Failure> {
        let told: Vec<String> = sqlx::query_scalar(
            "SELECT format('%s %s %s', count(*), channel, state) FROM deliveries GROUP BY channel, state
             UNION ALL SELECT format('%s closed for %s', channel, reason) FROM channels WHERE closed_at IS NOT NULL",
        )
        .fetch_all(&self.installation.pool)
        .await?;
        Ok(format!("{}; {}", told.join(", "), self.redis.state().await?))
    }

    /// Waits until something is so. What cannot be asked just now is not so.
    pub(super) async fn until(
        &self,
        what: &str,
        patience: Duration,
        is_so: impl AsyncFn() -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            if is_so().await.unwrap_or(false) {
                return Ok(());
            }
            if began.elapsed() > patience {
                return Err(format!("still not so: {what}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until nothing moves any more: what is still claimed belongs to whoever is held.
    pub(super) async fn until_still(&self) -> Result<(), Failure> {
        let (mut seen, mut times, began) = (None, 0, Instant::now());
        while times < 6 {
            let now = Some((self.taken(), self.redis.claimed().await?));
            times = if now == seen { times + 1 } else { 0 };
            seen = now;
            if began.elapsed() > PATIENCE {
                return Err("it does not come to rest".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}
