//! Time as an argument.
//!
//! Between processes only Postgres' and Redis' clocks decide. This clock draws ids and stamps messages; the
//! [`Stopwatch`] measures within one process, time spent suspended included.

use std::time::Duration;

use jiff::Timestamp;

/// Where a process reads the time of day.
#[derive(Clone, Copy, Debug)]
pub struct Clock(fn() -> Timestamp);

impl Clock {
    /// The machine's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that may")]
    pub const fn system() -> Self {
        Self(Timestamp::now)
    }

    /// A clock of the caller's.
    #[must_use]
    pub const fn from_fn(now: fn() -> Timestamp) -> Self {
        Self(now)
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// Measures how long ago something was, including the time that the machine or the process slept.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Duration);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(since_boot())
    }

    /// How long ago it was started.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        since_boot().saturating_sub(self.0)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Elsewhere the monotonic clock has to do; macOS' counts suspension too.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}
