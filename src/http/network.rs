//! [`Network`]: where a request came from, no more of it than tells one network from another.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};

/// Bits of an address that are kept: those of a network of a few hundred machines, or of one household.
const V4_BITS: u32 = 24;
const V6_BITS: u32 = 48;

/// The network that a request came from; shown as its first address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(Option<IpAddr>);

impl Network {
    /// Of a request. A proxy is believed when it says whom it asks for: whatever asks from this machine or from a private
    /// network. If it does not say, the network is not known.
    pub fn of(request: &Request) -> Self {
        let peer =
            request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        let Some(proxy) = peer.filter(|peer| is_private(*peer)) else { return Self(peer.map(of_network)) };
        let forwarded = request.headers().get("x-forwarded-for");
        // The last entry is the one that the proxy itself has added.
        let client = forwarded
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
        Self(client.filter(|client| *client != proxy).map(|ip| of_network(ip.to_canonical())))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(ip) => ip.fmt(f),
            None => Ok(()),
        }
    }
}

/// Loopback, private (RFC 1918), unique local (RFC 4193) and link-local addresses.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

fn of_network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & (u32::MAX << (32 - V4_BITS))).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (128 - V6_BITS))).into(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn of(peer: &str, forwarded: Option<&str>) -> String {
        let mut request = Request::builder().body(Body::empty()).expect("a request");
        let peer: SocketAddr = peer.parse().expect("an address");
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(forwarded) = forwarded {
            request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("a header"));
        }
        Network::of(&request).to_string()
    }

    #[test]
    fn no_more_is_kept_than_the_network() {
        assert_eq!(of("192.0.2.77:1", None), "192.0.2.0");
        assert_eq!(of("[2001:db8:1:2:3::4]:1", None), "2001:db8:1::");
        assert_eq!(of("[::ffff:192.0.2.77]:1", None), "192.0.2.0");
    }

    #[test]
    fn only_a_proxy_nearby_is_believed() {
        assert_eq!(of("127.0.0.1:1", Some("203.0.113.9, 198.51.100.7")), "198.51.100.0");
        assert_eq!(of("192.0.2.77:1", Some("198.51.100.7")), "192.0.2.0");
        assert_eq!(of("172.17.0.1:1", Some("198.51.100.7")), "198.51.100.0");
        assert_eq!(of("127.0.0.1:1", Some("nonsense")), "", "nobody knows");
        assert_eq!(of("10.0.0.1:1", None), "");
    }
}
