//! What pauses a batch.

use std::fmt;

use serde::Serialize;

/// What paused a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "pause_reason", rename_all = "snake_case")]
pub enum PauseReason {
    /// Somebody who may.
    Leader,
    /// It paused by itself: too many of its addresses or numbers are dead.
    Bounces,
    /// It paused by itself: too many recipients reported it as unwanted.
    Complaints,
}

impl PauseReason {
    /// The word used in the API, in Postgres and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Bounces => "bounces",
            Self::Complaints => "complaints",
        }
    }
}

impl fmt::Display for PauseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
