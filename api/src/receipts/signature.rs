//! `X-Twilio-Signature`: whether a call comes from Twilio.
//!
//! * What is signed is the address that Twilio was told to call, so it is put together from the installation's own and the
//!   path and query as they were received, never from `Host`, which a caller chooses. Twilio is not consistent about the
//!   default port: both spellings are tried.
//! * What is promised: nobody without the auth token makes a call that passes, nor changes one on its way; the comparison
//!   takes the same time wherever two signatures differ; a body of many parameters costs no more than one of 200.

use std::{borrow::Cow, collections::BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

/// More parameters than a call of Twilio has.
const MOST_PARAMETERS: usize = 200;

/// Parameters as they are signed: by name, then by value, each pair once.
type Parameters<'a> = BTreeSet<(Cow<'a, str>, Cow<'a, str>)>;

/// Tells Twilio's calls from others.
#[derive(Debug)]
pub(super) struct Verifier {
    /// The spellings of the installation's own address.
    sites: Vec<String>,
    auth_token: SecretString,
}

impl Verifier {
    /// For calls to `site` (scheme, host and perhaps a port, no slash at the end) in the name of the account that has this
    /// auth token.
    pub(super) fn new(site: &str, auth_token: SecretString) -> Self {
        Self { sites: spellings(site), auth_token }
    }

    /// Whether a call was signed with the auth token. Path and query are those that were received, not decoded;
    /// `content_type` and `signature` are the headers.
    pub(super) fn is_genuine(
        &self,
        path_and_query: &str,
        content_type: &str,
        body: &[u8],
        signature: &str,
    ) -> bool {
        let Ok(given) = STANDARD.decode(signature) else { return false };
        let parameters = if is_form(content_type) {
            parameters(body)
        } else {
            is_hash_told(path_and_query, body).then(Parameters::new)
        };
        let Some(parameters) = parameters else { return false };
        self.sites.iter().any(|site| {
            let mut mac = Hmac::<Sha1>::new_from_slice(self.auth_token.expose_secret().as_bytes())
                .expect("an HMAC takes a key of any length");
            let pairs = parameters.iter().flat_map(|(name, value)| [name.as_ref(), value.as_ref()]);
            for part in [site.as_str(), path_and_query].into_iter().chain(pairs) {
                mac.update(part.as_bytes());
            }
            mac.verify_slice(&given).is_ok()
        })
    }
}

/// The site as it is, and with the default port written or left out. Another port is part of every spelling.
fn spellings(site: &str) -> Vec<String> {
    let (scheme, authority) = site.split_once("://").unwrap_or_default();
    let default = if scheme.eq_ignore_ascii_case("https") { "443" } else { "80" };
    // The colons of an IPv6 address stand before its bracket.
    let port = authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
    let other = match port {
        None => Some(format!("{site}:{default}")),
        Some(port) if port == default => Some(site[..site.len() - port.len() - 1].to_owned()),
        Some(_) => None,
    };
    [site.to_owned()].into_iter().chain(other).collect()
}

/// Whether a body of this type is a form, whose parameters are signed; of any other its hash is.
pub(super) fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The parameters of a form; `None` when there are too many.
fn parameters(body: &[u8]) -> Option<Parameters<'_>> {
    let mut parameters = Parameters::new();
    for (number, parameter) in form_urlencoded::parse(body).enumerate() {
        if number == MOST_PARAMETERS {
            return None;
        }
        parameters.insert(parameter);
    }
    Some(parameters)
}

/// Whether the query, which is signed, tells the hash of the body.
fn is_hash_told(path_and_query: &str, body: &[u8]) -> bool {
    let (_, query) = path_and_query.split_once('?').unwrap_or_default();
    let told = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256");
    let digits = Sha256::digest(body).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    told.is_some_and(|(_, hash)| hash.chars().map(|c| c.to_digit(16)).eq(digits.map(|d| Some(d.into()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
    const RECEIPT: &str = "/receipts/twilio?d=07070707-0707-0707-0707-070707070707&a=3";
    const RECEIPT_FORM: &str = "MessageStatus=delivered&ErrorCode=&MessageSid=SM00000000000000000000000000000001\
                                &From=%2B15557654321&AccountSid=AC0123456789abcdef0123456789abcdef";
    const RECEIPT_SIGNATURE: &str = "2zPOD+J/P3R7LwULx8UjDq3LUlo=";

    fn is_genuine(site: &str, path: &str, body: impl AsRef<[u8]>, signature: &str) -> bool {
        Verifier::new(site, "12345".into()).is_genuine(path, FORM, body.as_ref(), signature)
    }

    #[test]
    fn twilios_own_example_is_met() {
        let form = "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE";
        let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        assert!(is_genuine("https://mycompany.com", "/myapp.php?foo=1&bar=2", form, signature));
    }

    /// Here and below the signatures were reckoned with Python's `hmac`.
    #[test]
    fn the_default_port_may_be_written_or_not() {
        let (bare, with_port) = (RECEIPT_SIGNATURE, "qQfEPJVOwSAp788Zu+XR28Motn0=");
        let (plain, plain_80) = ("x7Lbo8aKE7/1aJofvw8x5U+DmWk=", "oYAwCXqAqGZB8uoFrjM+nhtZKn8=");
        let (v6, v6_443) = ("a15Vj6ILcd/iBaU/HJ00Pidfh4U=", "GZJGxpHL9azAYtt9Um5OlbwLYQM=");
        let (tls_8443, tls_80) = ("GRkOqtc4maAqJCLg6XNOKuaOwAA=", "6UB0ZsCuj+xfpVpfrFMIPt1IZec=");
        let all = [bare, with_port, plain, plain_80, v6, v6_443, tls_8443, tls_80];
        for (site, genuine) in [
            ("https://join.example.org", &[bare, with_port][..]),
            ("https://join.example.org:443", &[bare, with_port]),
            ("http://join.example.org", &[plain, plain_80]),
            ("http://join.example.org:80", &[plain, plain_80]),
            ("https://[2001:db8::1]", &[v6, v6_443]),
            ("https://[2001:db8::1]:443", &[v6, v6_443]),
            ("https://join.example.org:8443", &[tls_8443]),
            ("https://join.example.org:80", &[tls_80]),
            ("https://other.example.org", &[]),
        ] {
            for signature in all {
                let passes = is_genuine(site, RECEIPT, RECEIPT_FORM, signature);
                assert_eq!(passes, genuine.contains(&signature), "{site} {signature}");
            }
        }
    }

    #[test]
    fn parameters_are_signed_as_they_are_meant() {
        for (form, signature) in [
            // A name that comes again counts with each of its values, and with each of them once.
            ("Body=B&Body=A&Body=B", "/WeVkBUZqBEzADBMlMrNSPFnVGI="),
            (
                "body=x&Empty&Body=Gr%C3%BC%C3%9Fe%2C+%E4%BD%A0%E5%A5%BD+%26+1%2B1%3D2+%F0%9F%8F%A1",
                "KvYnLR+4fsKLt2qCdX8e5LnRfi4=",
            ),
            ("Body=a%FFb", "alHbgd/QDtIozt5NBFtCxNLLS7o="),
            ("", "mf3l1hzJKYmyr2bkq0Fi3RtbqZc="),
        ] {
            assert!(is_genuine("https://join.example.org", "/receipts/twilio", form, signature), "{form}");
        }
    }

    #[test]
    fn what_was_changed_is_not_genuine() {
        let site = "https://join.example.org";
        assert!(is_genuine(site, RECEIPT, RECEIPT_FORM, RECEIPT_SIGNATURE));
        for (path, form) in [
            ("/receipts/twilio", RECEIPT_FORM.to_owned()),
            ("/receipts/twilip?d=07070707-0707-0707-0707-070707070707&a=3", RECEIPT_FORM.to_owned()),
            ("/receipts/twilio?d=07070707-0707-0707-0707-070707070707&a=4", RECEIPT_FORM.to_owned()),
            ("/receipts/twilio?a=3&d=07070707-0707-0707-0707-070707070707", RECEIPT_FORM.to_owned()),
            ("/receipts/twilio?d=07070707%2D0707-0707-0707-070707070707&a=3", RECEIPT_FORM.to_owned()),
            (RECEIPT, RECEIPT_FORM.replace("delivered", "failed")),
            (RECEIPT, RECEIPT_FORM.replace("delivered", "delivere")),
            (RECEIPT, RECEIPT_FORM.replace("MessageStatus=delivered&", "")),
            (RECEIPT, RECEIPT_FORM.replace("ErrorCode=", "ErrorCode=30003")),
            (RECEIPT, format!("{RECEIPT_FORM}&Extra=")),
            (RECEIPT, RECEIPT_FORM[..RECEIPT_FORM.len() - 1].to_owned()),
            (RECEIPT, String::new()),
        ] {
            assert!(!is_genuine(site, path, form, RECEIPT_SIGNATURE), "{path}");
        }
        for signature in [
            "",
            "2zPOD+J/P3R7LwULx8UjDq3LUl==",
            "2zPOD+J/P3R7LwULx8UjDq3LUlo",
            "2zPOD+J/P3R7LwULx8UjDq3LUlp=",
            "2zPO",
        ] {
            assert!(!is_genuine(site, RECEIPT, RECEIPT_FORM, signature), "{signature}");
        }
        let other = Verifier::new(site, "12346".into());
        assert!(!other.is_genuine(RECEIPT, FORM, RECEIPT_FORM.as_bytes(), RECEIPT_SIGNATURE));
        assert!(!format!("{other:?}").contains("12346"));
    }

    #[test]
    fn no_call_has_hundreds_of_parameters() {
        let form = |count: usize| (0..count).map(|n| format!("p{n:03}=v")).collect::<Vec<_>>().join("&");
        let (site, path) = ("https://join.example.org", "/receipts/twilio");
        assert!(is_genuine(site, path, form(200), "IrM9YFLh5dpPYJsj9I1Q2l/GX8o="));
        assert!(!is_genuine(site, path, form(201), "fhyrxAQMKNRU0NGcEpJ/4WQZ00Y="));
    }

    #[test]
    fn of_json_the_hash_is_signed() {
        let verifier = Verifier::new("https://join.example.org", "12345".into());
        let told =
            "/receipts/twilio?bodySHA256=5ccde7145dfb8f56479710896586cb9d5911809d83afbe34627818790db0aec9";
        let in_capitals = "/receipts/twilio?a=1&bodySHA256=5CCDE7145DFB8F56479710896586CB9D5911809D83AFBE34627818790DB0AEC9";
        let told_signature = "MFx2FG7+n3nFWHoaipLAOAQyAME=";
        let body = r#"{"CallSid":"CA1234567890ABCDE","Caller":"+12349013030"}"#;
        for (path, kind, body, signature, genuine) in [
            (told, "application/json", body, told_signature, true),
            (in_capitals, "application/json", body, "IDK0O5C/2N8WNofwX4546BB0ArQ=", true),
            (told, "", body, told_signature, true),
            (told, "application/json", &body[1..], told_signature, false),
            (told, "application/json", "", told_signature, false),
            (told, FORM, body, told_signature, false),
            (&told[..told.len() - 1], "application/json", body, "RqEkzq9SDaw29AkTAP/r6sdBbk4=", false),
            ("/receipts/twilio?a=1", "application/json", body, "HSRwyq4HSe2zoI0+aVUbDy4z+sQ=", false),
            ("/receipts/twilio", "application/json", body, "mf3l1hzJKYmyr2bkq0Fi3RtbqZc=", false),
        ] {
            assert_eq!(
                verifier.is_genuine(path, kind, body.as_bytes(), signature),
                genuine,
                "{path} {kind} {body}"
            );
        }
    }
}
