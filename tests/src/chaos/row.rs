//! The rows of the crash matrix: what is done to an installation while it sends.

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $part:ident, $title:literal;)+) => {
        /// One way to do harm.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Row {
            $($(#[$doc])* $name,)+
        }

        impl Row {
            /// All, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Who is harmed.
            #[must_use]
            pub const fn part(self) -> Part {
                match self { $(Self::$name => Part::$part,)+ }
            }

            /// What happens, in the table's words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

/// Who is harmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// One worker, or all.
    Worker,
    /// One API.
    Api,
    /// Redis, or the way there.
    Redis,
    /// Postgres, or the way there.
    Postgres,
    /// A provider.
    Provider,
}

impl Part {
    /// The word in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Api => "API",
            Self::Redis => "Redis",
            Self::Postgres => "Postgres",
            Self::Provider => "provider",
        }
    }
}

rows! {
    /// Claimed, and begin has not reached the ledger.
    Claimed = "claimed", Worker, "killed between claim and begin";
    /// Begun in the ledger, and the worker does not know.
    Begun = "begun", Worker, "killed when begin is recorded and its answer is not there yet";
    /// No greeting.
    Greeting = "greeting", Worker, "killed between begin and connection (no greeting)";
    /// No answer to EHLO.
    Ehlo = "ehlo", Worker, "killed at EHLO";
    /// No answer to MAIL.
    Mail = "mail", Worker, "killed at MAIL";
    /// No answer to RCPT.
    Rcpt = "rcpt", Worker, "killed at RCPT";
    /// No answer to DATA.
    Data = "data", Worker, "killed at DATA";
    /// The body is on its way.
    Body = "body", Worker, "killed while the body is on its way";
    /// The provider has the whole message and has not taken it.
    Dot = "dot", Worker, "killed after the dot, the provider decides";
    /// The provider took it and has not said so.
    Taken = "taken", Worker, "killed when the provider has taken it and not said so";
    /// The provider said so, and the outcome has not reached the ledger.
    NotRecorded = "not-recorded", Worker, "killed between the provider's word and finish";
    /// The outcome is recorded, and the worker does not know.
    Recorded = "recorded", Worker, "killed when finish is recorded and its answer is not there yet";
    /// The outcome is recorded, and the claim not acknowledged.
    NotAcknowledged = "not-acknowledged", Worker, "killed between finish and acknowledgement";
    /// A text is asked for and not taken.
    TextAsked = "text-asked", Worker, "killed when a text is asked for and not taken";
    /// A text is taken and its answer not there.
    TextTaken = "text-taken", Worker, "killed when a text is taken and not answered";
    /// At a moment of the seed's choosing.
    WorkerAnyTime = "worker", Worker, "killed at any moment";
    /// All at once.
    AllWorkers = "all-workers", Worker, "all killed at once";
    /// SIGTERM under load.
    WorkerStopped = "worker-stopped", Worker, "told to stop (SIGTERM) under load";
    /// SIGTERM for one after the other, APIs too.
    Rolling = "rolling", Worker, "all workers and APIs restarted, one after the other";
    /// SIGSTOP, and on.
    WorkerFrozen = "worker-frozen", Worker, "frozen for a second";
    /// Its clock jumps, an hour ahead and an hour back.
    ClockJumps = "clock-jumps", Worker, "its machine's clock jumps, an hour ahead, then two hours back";
    /// A list came in, and its transaction has not ended.
    ApiCommitting = "api-committing", Api, "killed in the middle of a list's transaction";
    /// A list is stored, and its jobs not pushed.
    ApiNotPushed = "api-not-pushed", Api, "killed between transaction and push";
    /// A list is stored, and the caller not told.
    ApiNotAnswered = "api-not-answered", Api, "killed when a list is stored and the caller not told";
    /// At a moment of the seed's choosing.
    ApiAnyTime = "api", Api, "killed at any moment";
    /// In its own way.
    RedisRestarted = "redis-restarted", Redis, "restarted";
    /// Without notice.
    RedisKilled = "redis-killed", Redis, "killed, and started with what it had on disk";
    /// Everything forgotten.
    RedisFlushed = "redis-flushed", Redis, "FLUSHALL";
    /// The file lost.
    RedisEmptied = "redis-emptied", Redis, "killed, its append-only file lost";
    /// Its replica takes over.
    RedisFailover = "redis-failover", Redis, "killed, its replica takes over";
    /// All connections cut.
    RedisCut = "redis-cut", Redis, "all connections cut";
    /// It says nothing for a while.
    RedisSilent = "redis-silent", Redis, "silent for two seconds";
    /// In its own way.
    PostgresRestarted = "postgres-restarted", Postgres, "restarted";
    /// Without notice.
    PostgresKilled = "postgres-killed", Postgres, "killed, and recovered";
    /// All connections cut.
    PostgresCut = "postgres-cut", Postgres, "all connections cut";
    /// It refuses to write.
    PostgresFull = "postgres-full", Postgres, "disk full: no delivery or attempt can be written for two seconds";
    /// What was asked is done, and the answers are lost.
    PostgresAnswersLost = "postgres-answers-lost", Postgres, "statements done, their answers lost";
    /// It says nothing for a while.
    PostgresSilent = "postgres-silent", Postgres, "silent for two seconds";
    /// All connections cut when messages are taken and not answered.
    MailReset = "mail-reset", Provider, "e-mail: reset after the dot, everything taken";
    /// All connections cut at DATA.
    MailResetEarly = "mail-reset-early", Provider, "e-mail: reset before the body";
    /// Slow answers.
    MailSlow = "mail-slow", Provider, "e-mail: every answer comes slowly";
    /// It greets nobody.
    MailAway = "mail-away", Provider, "e-mail: 421 to everybody for two seconds";
    /// 429 to everything.
    TextThrottled = "text-throttled", Provider, "texts: 429 to everybody for two seconds";
    /// Receipts come late.
    ReceiptsLate = "receipts-late", Provider, "texts: receipts come late";
    /// Receipts come twice.
    ReceiptsDoubled = "receipts-doubled", Provider, "texts: each receipt comes twice";
    /// Receipts come in the wrong order.
    ReceiptsReordered = "receipts-reordered", Provider, "texts: receipts in the wrong order";
}

impl Row {
    /// The row of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|row| row.as_str() == word)
    }
}
