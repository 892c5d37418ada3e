//! Doing harm: each row of the matrix, carried out while messages are on their way.
//!
//! Who is to be struck at a step is stopped there first, by the provider's sandbox or by the lines around it; what is
//! asserted about the step is looked up, not hoped for. What a dead process had sent off may still arrive after it.
//! [`workers`] are killed at each step of a message's story, [`apis`] at each step of a list's, [`servers`] are Redis
//! and Postgres, [`providers`] misbehave.

mod apis;
mod providers;
mod servers;
mod workers;

use std::{sync::Arc, time::Duration};

use rand::RngExt;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{Run, fleet::Member, row::Row};
use crate::{
    installation::{Failure, Signal},
    sandbox::{smtp, twilio},
    stack::proxy::{Proxy, Way},
};

/// How long a conversation is waited for at the place where it is to be stopped: a push that was lost is made up for
/// within 15 seconds.
const ARRIVAL: Duration = Duration::from_secs(30);
/// How long is waited for messages to move, of which there may be none left.
const MOMENT: Duration = Duration::from_secs(1);
/// How long something is out of order, where that is the harm.
const TROUBLE: Duration = Duration::from_secs(2);

/// One of a process' two lines.
#[derive(Clone, Copy, Debug)]
enum Line {
    /// To Postgres.
    Ledger,
    /// To Redis.
    Queue,
}

impl Line {
    fn of(self, member: &Member) -> &Proxy {
        match self {
            Self::Ledger => &member.ledger,
            Self::Queue => &member.queue,
        }
    }
}

impl Run {
    /// Does it once, with messages on their way, and puts back in order what no operator would leave so.
    pub(super) async fn strike(&mut self, row: Row) -> Result<(), Failure> {
        match row {
            Row::Claimed => self.kill_before_sending(Way::Requests, "queued").await,
            Row::Begun => self.kill_before_sending(Way::Answers, "sending").await,
            Row::Greeting => self.kill_at_smtp(smtp::Stage::Greeting).await,
            Row::Ehlo => self.kill_at_smtp(smtp::Stage::Ehlo).await,
            Row::Mail => self.kill_at_smtp(smtp::Stage::Mail).await,
            Row::Rcpt => self.kill_at_smtp(smtp::Stage::Rcpt).await,
            Row::Data => self.kill_at_smtp(smtp::Stage::Data).await,
            Row::Body => self.kill_at_smtp(smtp::Stage::Body).await,
            Row::Dot => self.kill_at_smtp(smtp::Stage::Dot).await,
            Row::Taken => self.kill_at_smtp(smtp::Stage::Taken).await,
            Row::NotRecorded => self.kill_after_sending(Line::Ledger, Way::Requests, "sending").await,
            Row::Recorded => self.kill_after_sending(Line::Ledger, Way::Answers, "accepted").await,
            Row::NotAcknowledged => self.kill_after_sending(Line::Queue, Way::Requests, "accepted").await,
            Row::TextAsked => self.kill_at_text(twilio::Stage::Asked).await,
            Row::TextTaken => self.kill_at_text(twilio::Stage::Taken).await,
            Row::WorkerAnyTime => self.kill_at_any_time().await,
            Row::AllWorkers => self.kill_all().await,
            Row::WorkerStopped => self.stop_under_load().await,
            Row::Rolling => self.roll().await,
            Row::WorkerFrozen => self.freeze().await,
            Row::ClockJumps => self.jump_clock().await,
            Row::ApiCommitting => self.kill_api_committing().await,
            Row::ApiNotPushed => self.kill_api_not_pushed().await,
            Row::ApiNotAnswered => self.kill_api_not_answered().await,
            Row::ApiAnyTime => self.kill_api_at_any_time().await,
            Row::RedisRestarted => self.restart_redis().await,
            Row::RedisKilled => self.kill_redis().await,
            Row::RedisFlushed => self.flush_redis().await,
            Row::RedisEmptied => self.empty_redis().await,
            Row::RedisFailover => self.fail_over().await,
            Row::RedisCut => self.cut_redis_off().await,
            Row::RedisSilent => self.silence(Line::Queue).await,
            Row::PostgresRestarted => self.restart_postgres().await,
            Row::PostgresKilled => self.kill_postgres().await,
            Row::PostgresCut => self.cut_postgres_off().await,
            Row::PostgresFull => self.fill_disk().await,
            Row::PostgresAnswersLost => self.lose_answers().await,
            Row::PostgresSilent => self.silence(Line::Ledger).await,
            Row::MailReset => self.reset_mail(smtp::Stage::Taken).await,
            Row::MailResetEarly => self.reset_mail(smtp::Stage::Data).await,
            Row::MailSlow => {
                self.trouble_mail(smtp::Switches { reply_delay_ms: 200, ..Default::default() }).await
            }
            Row::MailAway => {
                self.trouble_mail(smtp::Switches { refuse_greeting: true, ..Default::default() }).await
            }
            Row::TextThrottled => {
                self.trouble_texts(twilio::Switches { throttle_ms: 2_000, ..Default::default() }).await
            }
            Row::ReceiptsLate => {
                self.trouble_texts(twilio::Switches { callbacks_held: true, ..Default::default() }).await
            }
            Row::ReceiptsDoubled => {
                self.trouble_texts(twilio::Switches { callbacks_doubled: true, ..Default::default() }).await
            }
            Row::ReceiptsReordered => {
                self.trouble_texts(twilio::Switches { callbacks_reordered: true, ..Default::default() }).await
            }
        }
    }

    /// Undoes what a fault that was broken off left: nobody is held, frozen or troubled any more.
    pub(super) async fn let_go(&self) {
        let fleet = &self.fleet;
        fleet.installation.smtp.set(smtp::Switches::default());
        fleet.installation.twilio.set(twilio::Switches::default());
        fleet.installation.smtp.barrier().open();
        fleet.installation.twilio.barrier().open();
        for member in fleet.members() {
            member.ledger.release();
            member.queue.release();
            if let Some(process) = &member.process {
                process.signal(Signal::Cont).await;
            }
        }
    }

    fn any_worker(&mut self) -> usize {
        self.rng.random_range(0..self.fleet.workers.len())
    }

    /// One fault's messages and a letter, promised by an API before this returns.
    async fn feed(&self) -> Result<(), Failure> {
        self.feed_part(1).await
    }

    async fn feed_part(&self, of: usize) -> Result<(), Failure> {
        let (emails, texts) = self.portion(of);
        self.fleet.feeder.ask_for_a_link().await?;
        Arc::clone(&self.fleet.feeder).send_both(emails, texts).await
    }

    /// The same, while other things happen.
    fn feeding(&self, of: usize) -> JoinHandle<Result<(), Failure>> {
        let (emails, texts) = self.portion(of);
        tokio::spawn(Arc::clone(&self.fleet.feeder).send_both(emails, texts))
    }

    /// One fault's messages, of which a few are taken when this returns.
    async fn feed_and_move(&mut self) -> Result<(), Failure> {
        self.feed().await?;
        self.some_progress().await
    }

    /// A few of the messages are taken; how many, the seed says.
    async fn some_progress(&mut self) -> Result<(), Failure> {
        let (emails, texts) = self.portion(1);
        let few = self.rng.random_range(0..(emails + texts).max(2) / 2) as u64;
        let (from, fleet) = (self.fleet.taken(), &self.fleet);
        // Less may be left to take than that.
        let _slow = fleet.until("some are taken", MOMENT, async || Ok(fleet.taken() >= from + few)).await;
        Ok(())
    }

    /// Whoever is in the middle of an attempt holds its claim; looked at while nothing moves, all left to one.
    async fn check_claims(&mut self) -> Result<(), Failure> {
        let since = self.alone_since;
        let before = self.sending(since).await?;
        let claimed = self.fleet.redis.claimed().await?;
        let after = self.sending(since).await?;
        let unclaimed = before.iter().filter(|row| after.contains(row) && !claimed.contains(&row.0));
        self.note_unclaimed(unclaimed.count());
        Ok(())
    }

    /// Attempts under way that began since then.
    async fn sending(&self, since: f64) -> Result<Vec<(Uuid, i32)>, Failure> {
        let sending = sqlx::query_as(
            "SELECT id, attempt_number FROM deliveries
             WHERE state = 'sending' AND attempt_began_at > to_timestamp($1)",
        );
        Ok(sending.bind(since).fetch_all(&self.fleet.installation.pool).await?)
    }
}
