//! The ways a message can travel.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a delivery travels. Each channel has its own queue, pace, slots and retry schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "channel", rename_all = "snake_case")]
pub enum Channel {
    /// SMTP.
    Email,
    /// A text message to a mobile phone.
    Text,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::Email, Self::Text];

    /// The word used in the API, in Postgres, in Redis' key names and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
