//! `PORCHLIGHT_PUBLIC_URL`: where links lead and providers call back.

use std::str::FromStr;

/// An installation's own address: scheme and host, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site(String);

impl Site {
    /// Scheme and host, no slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Site {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = url::Url::parse(text).map_err(|_| "it cannot be read as a URL")?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err("it does not begin with https:// and a host");
        }
        if url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
        {
            return Err("it has more than scheme, host and port");
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_scheme_and_host() {
        for (text, fits) in [
            ("https://join.example.org", true),
            ("https://join.example.org/", true),
            ("http://127.0.0.1:8080", true),
            ("join.example.org", false),
            ("https://join.example.org/path", false),
            ("https://user@join.example.org", false),
            ("ftp://join.example.org", false),
        ] {
            assert_eq!(text.parse::<Site>().is_ok(), fits, "{text}");
        }
    }
}
