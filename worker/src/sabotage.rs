//! Breaking the worker on purpose, so that the fault harness can be seen to notice.
//!
//! `PORCHLIGHT_SABOTAGE` names what is broken. Only a build with debug assertions knows the ways; a release build
//! refuses to start when the variable is set.

use std::str::FromStr;

use porchlight_shared::runtime::env::{Env, SettingError};

const NAME: &str = "PORCHLIGHT_SABOTAGE";

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// A claim is acknowledged before the outcome is recorded.
    AcknowledgeEarly,
    /// A claim has no lease to speak of.
    NoLease,
    /// What may have been taken is simply sent again.
    RepeatUnknown,
    /// A letter that was taken goes again.
    DoubleLetters,
}

impl Sabotage {
    /// What this process was told to break; nothing, in earnest.
    ///
    /// # Errors
    /// When a build that cannot be broken is told to.
    pub fn from_env(env: &Env) -> Result<Option<Self>, SettingError> {
        let told = env.parsed(NAME, "acknowledge-early, no-lease, repeat-unknown or double-letters")?;
        if told.is_some() && !cfg!(debug_assertions) {
            let problem = "this build cannot be broken on purpose".to_owned();
            return Err(SettingError::Wrong { name: NAME, expected: "left out", problem });
        }
        Ok(told)
    }
}

impl FromStr for Sabotage {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "acknowledge-early" => Ok(Self::AcknowledgeEarly),
            "no-lease" => Ok(Self::NoLease),
            "repeat-unknown" => Ok(Self::RepeatUnknown),
            "double-letters" => Ok(Self::DoubleLetters),
            _ => Err("there is no such way"),
        }
    }
}
