//! Settings come from the environment, and a missing or wrong one is named together with what it should look like.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use secrecy::SecretString;

/// The environment as settings are read from it; tests make their own.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, String>);

/// A setting that is missing or does not fit. Never shows the value: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// It is needed and not there.
    #[error("{name} is not set; it should be {expected}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it should look like.
        expected: &'static str,
    },
    /// It is there and does not fit.
    #[error("{name} does not fit: {problem}; it should be {expected}")]
    Wrong {
        /// The variable.
        name: &'static str,
        /// What it should look like.
        expected: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl Env {
    /// The environment of this process. An empty variable counts as not set.
    #[must_use]
    pub fn of_process() -> Self {
        let vars = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self(vars.filter(|(_, value)| !value.trim().is_empty()).collect())
    }

    /// The text of a variable.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim())
    }

    /// A variable that must be there.
    ///
    /// # Errors
    /// When it is missing or does not parse.
    pub fn required<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<T, SettingError> {
        self.parsed(name, expected)?.ok_or(SettingError::Missing { name, expected })
    }

    /// A variable that may be left out.
    ///
    /// # Errors
    /// When it is there and does not parse.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, SettingError> {
        let wrong = |error: T::Err| SettingError::Wrong { name, expected, problem: error.to_string() };
        self.text(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// A variable with a default.
    ///
    /// # Errors
    /// When it is there and does not parse.
    pub fn parsed_or<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
        expected: &'static str,
        default: impl FnOnce() -> T,
    ) -> Result<T, SettingError> {
        Ok(self.parsed(name, expected)?.unwrap_or_else(default))
    }

    /// A secret that must be there.
    ///
    /// # Errors
    /// When it is missing.
    pub fn secret(&self, name: &'static str, expected: &'static str) -> Result<SecretString, SettingError> {
        self.text(name).map(SecretString::from).ok_or(SettingError::Missing { name, expected })
    }

    /// Whether a switch is on: `1`, `true` or `yes`.
    ///
    /// # Errors
    /// When it says anything else than yes or no.
    pub fn switch(&self, name: &'static str) -> Result<bool, SettingError> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("0" | "false" | "no") => Ok(false),
            Some("1" | "true" | "yes") => Ok(true),
            Some(_) => {
                Err(SettingError::Wrong { name, expected: "1 or 0", problem: "it is neither".to_owned() })
            }
        }
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Env {
    fn from(vars: [(&str, &str); N]) -> Self {
        vars.into_iter().collect()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Env {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(vars: I) -> Self {
        Self(vars.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A span of time as people write it: `500ms`, `20s`, `5m`, `1h`, `0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 =
            text[..digits].parse().map_err(|_| "it does not start with a whole number".to_owned())?;
        let millis = match &text[digits..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "" if number == 0 => 1,
            _ => return Err("its unit is none of ms, s, m, h, d".to_owned()),
        };
        let millis = number.checked_mul(millis).filter(|millis| *millis <= 400 * 86_400_000);
        millis
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or_else(|| "it is longer than 400 days".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_wrong_setting_is_named() {
        let env = Env::from([("PORT", "x"), ("SWITCH", "maybe")]);
        assert_eq!(
            env.required::<u16>("PORT", "a number").unwrap_err().to_string(),
            "PORT does not fit: invalid digit found in string; it should be a number"
        );
        assert_eq!(
            env.required::<u16>("HOST", "a name").unwrap_err().to_string(),
            "HOST is not set; it should be a name"
        );
        assert!(env.switch("SWITCH").is_err());
        assert_eq!(env.switch("OTHER"), Ok(false));
        assert_eq!(format!("{env:?}"), r#"{"PORT", "SWITCH"}"#);
    }

    #[test]
    fn spans() {
        for (text, millis) in
            [("0", 0), ("250ms", 250), ("20s", 20_000), ("5m", 300_000), ("12h", 43_200_000)]
        {
            assert_eq!(text.parse(), Ok(Span(Duration::from_millis(millis))));
        }
        for text in ["", "5", "m", "5 minutes", "-1s", "99999999999999999999h", "500d"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
