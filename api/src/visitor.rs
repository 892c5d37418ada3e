//! Who is at the door without a token: the address that a request comes from.
//!
//! Behind proxies that the operator named (`PORCHLIGHT_TRUSTED_PROXIES`) it is what the outermost of them saw, read from
//! `X-Forwarded-For` from its end: what stands further left was written by the visitor, and nobody has to believe it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use ipnet::IpNet;

use crate::{problem::Problem, state::AppState};

/// The proxies whose word counts; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl FromStr for TrustedProxies {
    type Err = String;

    /// Reads `10.0.0.0/8, 192.0.2.7`.
    fn from_str(text: &str) -> Result<Self, String> {
        let nets = text.split(',').map(str::trim).filter(|net| !net.is_empty()).map(|net| {
            let one = || net.parse::<IpAddr>().map(IpNet::from);
            net.parse().or_else(|_| one()).map_err(|_| format!("{net:?} is no address or network"))
        });
        nets.collect::<Result<_, _>>().map(Self)
    }
}

impl TrustedProxies {
    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }

    /// Where a request comes from whose connection comes from `peer`.
    fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut origin = peer.to_canonical();
        let forwarded = headers.get_all("x-forwarded-for").iter().rev();
        // By bytes: what a visitor wrote in odd letters must not hide what the proxy wrote behind it.
        let mut hops = forwarded.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        while self.trust(origin) {
            let Some(hop) = hops.next().and_then(address) else { break };
            origin = hop.to_canonical();
        }
        origin
    }
}

/// An address as proxies write it: with or without a port, IPv6 with or without brackets.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

/// A visitor's address. It is nobody's business in a log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Visitor(IpAddr);

impl std::fmt::Debug for Visitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Visitor(***)")
    }
}

impl Visitor {
    /// As far as one household's connection goes: the address, of IPv6 the /64.
    #[must_use]
    pub fn household(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => masked(address, 64),
        }
    }

    /// The neighbourhood: the /24, of IPv6 the /48.
    #[must_use]
    pub fn neighbourhood(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Ipv4Addr::new(a, b, c, 0).to_ipv6_mapped().octets()
            }
            IpAddr::V6(address) => masked(address, 48),
        }
    }
}

fn masked(address: Ipv6Addr, bits: u32) -> [u8; 16] {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits))).octets()
}

impl FromRequestParts<Arc<AppState>> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().ok_or_else(Problem::internal)?;
        Ok(Self(state.trusted_proxies.origin(peer.0.ip(), &parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(proxies: &str, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let proxies: TrustedProxies = proxies.parse().unwrap();
        proxies.origin(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        for (proxies, peer, forwarded, seen) in [
            ("", "192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.0.0.0/8", "192.0.2.1", &["203.0.113.9"], "192.0.2.1"),
            ("10.0.0.0/8", "10.1.2.3", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.0/8", "10.1.2.3", &["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.0/8", "10.1.2.3", &["6.6.6.6", "203.0.113.9, 10.9.9.9"], "203.0.113.9"),
            ("10.0.0.0/8, 127.0.0.1", "127.0.0.1", &["203.0.113.9, 10.9.9.9"], "203.0.113.9"),
            ("10.0.0.0/8", "10.1.2.3", &[], "10.1.2.3"),
            ("10.0.0.0/8", "10.1.2.3", &["unknown"], "10.1.2.3"),
            ("10.0.0.0/8", "10.1.2.3", &["203.0.113.9:51234"], "203.0.113.9"),
            ("10.0.0.0/8", "10.1.2.3", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("10.0.0.0/8", "10.1.2.3", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.0/8", "10.1.2.3", &["\u{fc}, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", &["2001:db8::1"], "2001:db8::1"),
        ] {
            assert_eq!(origin(proxies, peer, forwarded), seen, "{proxies} {peer} {forwarded:?}");
        }
        assert!("10.0.0.0/33".parse::<TrustedProxies>().is_err());
    }

    #[test]
    fn neighbours_share_what_their_provider_gave_them() {
        let visitor = |text: &str| Visitor(text.parse().unwrap());
        assert_eq!(visitor("2001:db8::1").household(), visitor("2001:db8::2").household());
        assert_ne!(visitor("2001:db8:0:1::1").household(), visitor("2001:db8::2").household());
        assert_eq!(visitor("2001:db8:0:1::1").neighbourhood(), visitor("2001:db8::2").neighbourhood());
        assert_ne!(visitor("192.0.2.1").household(), visitor("192.0.2.2").household());
        assert_eq!(visitor("192.0.2.1").neighbourhood(), visitor("192.0.2.2").neighbourhood());
        assert_ne!(visitor("192.0.2.1").neighbourhood(), visitor("192.0.3.1").neighbourhood());
    }
}
