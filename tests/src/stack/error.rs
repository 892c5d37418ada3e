//! What can go wrong with a stack, in words for the person who started it.

use std::io;

/// Why a stack could not be started or used.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A server is not on this machine and cannot be installed from here.
    #[error("{what} was not found. {how}")]
    Missing {
        /// The server's name.
        what: &'static str,
        /// What to run to get it.
        how: String,
    },
    /// The package manager refused.
    #[error("installing {packages} failed; install by hand and start again. apt-get said:\n{output}")]
    Install {
        /// What was to be installed.
        packages: String,
        /// The end of what the package manager printed.
        output: String,
    },
    /// A server did not come up; its last lines say why.
    #[error("{server} did not start. Its last lines:\n{log}")]
    Start {
        /// The server's name.
        server: &'static str,
        /// The end of its log.
        log: String,
    },
    /// The supervisor is gone or talks nonsense.
    #[error("the supervisor of the private servers {0}")]
    Supervisor(String),
    /// A name that is no plain database name.
    #[error("`{0}` is no database name: up to 63 of a-z, 0-9 and _, not starting with a digit")]
    Name(String),
    /// Something about files or processes.
    #[error("could not {doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// Postgres refused a statement of ours.
    #[error("the private Postgres refused to {doing}")]
    Sql {
        /// What was being done.
        doing: String,
        /// Its answer.
        source: sqlx::Error,
    },
}

impl StackError {
    /// For `map_err`: an I/O error with what was being done.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
