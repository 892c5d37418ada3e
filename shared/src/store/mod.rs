//! The connection to the ledger, the one check both processes make before they trust it, the few statements that both
//! run, and the reconcilers' names.
//!
//! Any other statement lives with the room that owns its step.

pub mod channels;
pub mod letters;
pub mod receipts;
pub mod reconcilers;
pub mod steering;
pub mod suppress;
pub mod window;

use std::{fmt, str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio_util::sync::CancellationToken;

use crate::runtime::env::{Env, SettingError};

/// The migrations this program was built with.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

const VARIABLE: &str = "DATABASE_URL";
const EXPECTED: &str = "postgres://user:password@host:5432/database";

/// Where the ledger is.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    url: SecretString,
    connections: u32,
}

/// Why the ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached for a reason that waiting does not mend.
    #[error("DATABASE_URL: the database refuses us; it should be {EXPECTED}")]
    Refused(#[source] sqlx::Error),
    /// We were asked to stop while waiting for it.
    #[error("stopped while waiting for the database of DATABASE_URL")]
    Stopped,
    /// Its tables are older than this program.
    #[error(
        "the database is at migration {found}, this program needs {needed}; run `porchlight-api migrate`"
    )]
    Behind {
        /// Newest applied.
        found: i64,
        /// Newest known.
        needed: i64,
    },
    /// Asking it failed.
    #[error("the database did not answer")]
    Failed(#[from] sqlx::Error),
}

impl StoreSettings {
    /// Reads `DATABASE_URL`; `connections` is the pool's limit.
    ///
    /// # Errors
    /// When it is missing or no Postgres URL.
    pub fn from_env(env: &Env, connections: u32) -> Result<Self, SettingError> {
        let url = env.secret(VARIABLE, EXPECTED)?;
        let wrong = |problem: String| SettingError::Wrong { name: VARIABLE, expected: EXPECTED, problem };
        let text = url.expose_secret();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(wrong("it does not start with postgres://".to_owned()));
        }
        PgConnectOptions::from_str(text).map_err(|_| wrong("it cannot be read as a URL".to_owned()))?;
        Ok(Self { url, connections })
    }
}

/// Connects, waiting (and saying so) for a server that is not up yet.
///
/// # Errors
/// When the server refuses us for good (password, database name) or `stopping` is cancelled first.
pub async fn connect(
    settings: &StoreSettings,
    application: &'static str,
    stopping: &CancellationToken,
) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(settings.url.expose_secret()).map_err(StoreError::Refused)?;
    // Our statements are short; compiling one that looks costly takes longer than running it.
    let options = options.application_name(application).options([("jit", "off")]);
    let mut told = false;
    loop {
        let answer = tokio::select! {
            () = stopping.cancelled() => return Err(StoreError::Stopped),
            // One by hand: a pool would try in silence until its time-out.
            answer = PgConnection::connect_with(&options) => answer,
        };
        match answer {
            Ok(connection) => {
                // It was only to see whether anybody is there.
                let _ = connection.close().await;
                break;
            }
            Err(sqlx::Error::Database(error)) if !is_starting(error.code().as_deref()) => {
                return Err(StoreError::Refused(sqlx::Error::Database(error)));
            }
            Err(error @ (sqlx::Error::Configuration(_) | sqlx::Error::Tls(_))) => {
                return Err(StoreError::Refused(error));
            }
            Err(error) if !told => {
                tracing::warn!(%error, "waiting for the database of DATABASE_URL; trying every second");
                told = true;
            }
            Err(_) => {}
        }
        tokio::select! {
            () = stopping.cancelled() => return Err(StoreError::Stopped),
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
    let pool = PgPoolOptions::new()
        .max_connections(settings.connections)
        .acquire_timeout(Duration::from_secs(10))
        // Half of a round trip for each statement; a broken connection is found by using it.
        .test_before_acquire(false)
        .connect_lazy_with(options);
    if told {
        tracing::info!("the database answers");
    }
    Ok(pool)
}

/// A database error for the log: code, constraint and message, never the values of a row (Postgres' DETAIL).
#[derive(Debug)]
pub struct Unquoted<'a>(pub &'a sqlx::Error);

impl fmt::Display for Unquoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            sqlx::Error::Database(error) => {
                let (code, constraint) =
                    (error.code().unwrap_or_default(), error.constraint().unwrap_or("-"));
                write!(f, "{code} on {constraint}: {}", error.message())
            }
            other => other.fmt(f),
        }
    }
}

/// 57P03: starting up or shutting down; 53300: too many connections.
fn is_starting(code: Option<&str>) -> bool {
    matches!(code, Some("57P03" | "53300"))
}

/// Checks that the tables are at least as new as this program.
///
/// # Errors
/// When they are not, or the server does not answer.
pub async fn check_migrated(pool: &PgPool) -> Result<(), StoreError> {
    let needed = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let exists: bool =
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(pool).await?;
    let found: i64 = if exists {
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success")
            .fetch_one(pool)
            .await?
    } else {
        0
    };
    if found < needed { Err(StoreError::Behind { found, needed }) } else { Ok(()) }
}
