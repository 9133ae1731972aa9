//! The limit on connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::client::network;

/// Permits for trusted proxies only, because health checks come from there.
const RESERVE: usize = 32;

/// The connections that are open.
#[derive(Clone)]
pub(crate) struct ConnectionLimit {
    open: Arc<Mutex<Open>>,
    all: usize,
    of_one_network: usize,
}

#[derive(Default)]
struct Open {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// The permit of one connection. Given back when dropped.
pub(crate) struct ConnectionPermit {
    limit: ConnectionLimit,
    network: Option<IpAddr>,
}

/// Why there is no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// There are too many connections.
    All,
    /// There are too many from that network.
    Network,
}

impl ConnectionLimit {
    pub(crate) fn new(all: usize, of_one_network: usize) -> Self {
        Self { open: Arc::default(), all, of_one_network }
    }

    /// A permit for one more connection of this peer. Without a peer, as for a trusted proxy, the connection counts
    /// for no network, and gets a permit where others get none.
    pub(crate) fn take(&self, peer: Option<IpAddr>) -> Result<ConnectionPermit, Full> {
        let network = peer.map(network);
        let mut open = self.lock();
        let all = if peer.is_none() { self.all + RESERVE } else { self.all };
        if open.all >= all {
            return Err(Full::All);
        }
        if let Some(network) = network {
            let number = open.of.entry(network).or_default();
            if *number >= self.of_one_network {
                return Err(Full::Network);
            }
            *number += 1;
        }
        open.all += 1;
        Ok(ConnectionPermit { limit: self.clone(), network })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut open = self.limit.lock();
        open.all -= 1;
        let Some(network) = self.network else { return };
        match open.of.get_mut(&network) {
            Some(number) if *number > 1 => *number -= 1,
            _ => _ = open.of.remove(&network),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_bounded_for_each_network_and_for_all_and_given_back() {
        let limit = ConnectionLimit::new(5, 2);
        let take = |peer: &str| limit.take(Some(peer.parse().unwrap()));
        let mut taken = vec![take("192.0.2.1").unwrap(), take("::ffff:192.0.2.1").unwrap()];
        assert_eq!(take("192.0.2.1").err(), Some(Full::Network));
        taken.extend([take("192.0.2.2").unwrap(), take("2001:db8::1").unwrap(), take("2001:db8::2:1").unwrap()]);
        assert_eq!(take("2001:db8:0:1::1").err(), Some(Full::All));
        taken.clear();
        taken.extend([take("2001:db8::1").unwrap(), take("2001:db8::2").unwrap()]);
        assert_eq!(take("2001:db8::3").err(), Some(Full::Network));
        taken.extend((0..3 + RESERVE).map(|_| limit.take(None).unwrap()));
        assert_eq!(limit.take(None).err(), Some(Full::All));
        taken.clear();
        assert!(limit.lock().all == 0 && limit.lock().of.is_empty());
    }
}
