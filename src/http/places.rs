//! How many connections there may be.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::client::network;

/// Places for trusted proxies alone: health checks come from there, too.
const RESERVE: usize = 32;

/// The connections that are open.
#[derive(Clone)]
pub(super) struct Places {
    open: Arc<Mutex<Open>>,
    all: usize,
    of_one_network: usize,
}

#[derive(Default)]
struct Open {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// The place of one. Given back when dropped.
pub(super) struct Place {
    places: Places,
    network: Option<IpAddr>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are too many connections.
    All,
    /// There are too many from that network.
    Network,
}

impl Places {
    pub(super) fn new(all: usize, of_one_network: usize) -> Self {
        Self { open: Arc::default(), all, of_one_network }
    }

    /// A place for one more connection of this peer; without a peer, as for a trusted proxy, it counts for no network, and finds a
    /// place where others find none.
    pub(super) fn take(&self, peer: Option<IpAddr>) -> Result<Place, Full> {
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
        Ok(Place { places: self.clone(), network })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.lock();
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
    fn places_are_bounded_for_each_network_and_for_all_and_given_back() {
        let places = Places::new(5, 2);
        let take = |peer: &str| places.take(Some(peer.parse().unwrap()));
        let mut taken = vec![take("192.0.2.1").unwrap(), take("::ffff:192.0.2.1").unwrap()];
        assert_eq!(take("192.0.2.1").err(), Some(Full::Network));
        taken.extend([take("192.0.2.2").unwrap(), take("2001:db8::1").unwrap(), take("2001:db8::2:1").unwrap()]);
        assert_eq!(take("2001:db8:0:1::1").err(), Some(Full::All));
        taken.clear();
        taken.extend([take("2001:db8::1").unwrap(), take("2001:db8::2").unwrap()]);
        assert_eq!(take("2001:db8::3").err(), Some(Full::Network));
        taken.extend((0..3 + RESERVE).map(|_| places.take(None).unwrap()));
        assert_eq!(places.take(None).err(), Some(Full::All));
        taken.clear();
        assert!(places.lock().all == 0 && places.lock().of.is_empty());
    }
}
