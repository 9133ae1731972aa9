//! The proxies whose word on a client's address counts.

use std::net::IpAddr;

use ipnetwork::{IpNetwork, Ipv4Network};

/// Networks of proxies. IPv4 addresses mapped into IPv6 are IPv4 here.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNetwork>);

impl TrustedProxies {
    pub(super) fn new(networks: Vec<IpNetwork>) -> Self {
        Self(networks)
    }

    /// Whether `address` is one of theirs.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One of the list.
pub(super) fn network(item: &str) -> Result<IpNetwork, String> {
    let network = item.parse().map_err(|_| "is no address and no network such as 10.0.0.0/8")?;
    match canonical(network) {
        network if network.prefix() == 0 => Err("would let everybody invent an address".to_owned()),
        network => Ok(network),
    }
}

fn canonical(network: IpNetwork) -> IpNetwork {
    let IpNetwork::V6(v6) = network else { return network };
    let v4 = v6.prefix().checked_sub(96).zip(v6.ip().to_ipv4_mapped());
    v4.and_then(|(prefix, address)| Ipv4Network::new(address, prefix).ok()).map_or(network, IpNetwork::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(list: &str, address: &str) -> bool {
        let networks = list.split(", ").map(|item| network(item).unwrap()).collect();
        TrustedProxies(networks).trusts(address.parse().unwrap())
    }

    #[test]
    fn networks_and_addresses_of_both_kinds_are_matched() {
        assert!(trusts("10.0.0.0/8, 192.0.2.7", "10.255.0.1") && trusts("10.0.0.0/8, 192.0.2.7", "192.0.2.7"));
        assert!(!trusts("10.0.0.0/8, 192.0.2.7", "192.0.2.8") && !trusts("10.0.0.0/8", "11.0.0.1"));
        assert!(trusts("2001:db8::/32", "2001:db8::1") && !trusts("2001:db8::/32", "2001:db9::1"));
        assert!(trusts("10.0.0.0/8", "::ffff:10.1.2.3") && trusts("::ffff:10.0.0.0/104", "10.1.2.3"));
        assert!(!trusts("::ffff:10.0.0.0/104", "11.1.2.3"));
        assert!(!TrustedProxies::default().trusts("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_and_what_is_every_network_is_refused() {
        for item in ["proxy.example.com", "10.0.0.0/33", "10.0.0", "0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
            assert!(network(item).is_err(), "{item}");
        }
    }
}
