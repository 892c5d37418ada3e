//! Cookies that say who is there: 256 random bits, sent along from our own pages only, and out of reach of scripts.

use axum::http::{HeaderMap, HeaderValue, header};
use porchlight_shared::runtime::site::Site;

use crate::secret::Secret;

/// A cookie by its names.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    /// Where the installation is reached in the clear.
    clear: &'static str,
    /// Elsewhere: no other host of the domain can have set it.
    host: &'static str,
}

/// Who leads a community.
pub const LEADER: Cookie = Cookie { clear: "porchlight_session", host: "__Host-porchlight_session" };
/// Who joined one.
pub const RESIDENT: Cookie = Cookie { clear: "porchlight_resident", host: "__Host-porchlight_resident" };

impl Cookie {
    fn name(self, site: Option<&Site>) -> &'static str {
        let in_the_clear = site.is_some_and(|site| site.as_str().starts_with("http://"));
        if in_the_clear { self.clear } else { self.host }
    }

    /// The header that sets it for so many seconds. Not sent along in the clear, unless the installation itself is
    /// reached so.
    #[must_use]
    pub fn set(self, secret: &Secret, seconds: i32, site: Option<&Site>) -> HeaderValue {
        self.header(secret.as_str(), seconds, site)
    }

    /// The header that takes it away.
    #[must_use]
    pub fn drop(self, site: Option<&Site>) -> HeaderValue {
        self.header("", 0, site)
    }

    fn header(self, value: &str, seconds: i32, site: Option<&Site>) -> HeaderValue {
        let name = self.name(site);
        let secure = if name == self.host { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
        HeaderValue::from_str(&cookie).expect("base64 and digits fit a header")
    }

    /// What a browser sends along.
    #[must_use]
    pub fn read(self, headers: &HeaderMap, site: Option<&Site>) -> Option<Secret> {
        let wanted = self.name(site);
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == wanted).map(|(_, value)| Secret::of(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_hidden() {
        let clear: Site = "http://127.0.0.1:8080".parse().unwrap();
        let cookies = |text| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]);
        let ours = cookies("a=b; porchlight_session=x-Y_1; c=d");
        let found = LEADER.read(&ours, Some(&clear)).unwrap();
        assert_eq!((found.as_str(), format!("{found:?}").as_str()), ("x-Y_1", "Secret(***)"));
        assert!(RESIDENT.read(&ours, Some(&clear)).is_none());
        assert!(LEADER.read(&ours, None).is_none(), "what a sibling may have set is not looked at");
        assert!(LEADER.read(&cookies("other_porchlight_session=1"), Some(&clear)).is_none());
        let told = |site| LEADER.set(&Secret::of("x"), 1, site).to_str().unwrap().to_owned();
        assert!(!told(Some(&clear)).contains("Secure"));
        assert!(
            told(None).starts_with("__Host-porchlight_session=x; Path=/;")
                && told(None).ends_with("; Secure")
        );
    }
}
