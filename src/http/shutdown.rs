//! Shutdown without losing a request.

use std::time::Duration;

use tokio::sync::watch;

/// The time that clients get when the server stops: for their connections, once no request is in flight, and for
/// bodies that are still arriving.
pub(crate) const CLOSING: Duration = Duration::from_secs(1);

/// Whether the server is told to stop, and how many requests are in flight.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown {
    told: watch::Sender<bool>,
    in_flight: watch::Sender<usize>,
}

/// A request in flight. It counts until this is dropped.
pub(crate) struct Flight(watch::Sender<usize>);

impl Shutdown {
    /// From now on the server is not ready, and streams end.
    pub(crate) fn tell(&self) {
        self.told.send_replace(true);
    }

    /// From now on the server is not ready. Returns when no request is in flight, or after `grace`. Until then
    /// requests are still accepted, because their senders may not have seen yet that the server is not ready.
    pub(crate) async fn drain(&self, grace: Duration) {
        self.tell();
        let mut in_flight = self.in_flight.subscribe();
        let landed = in_flight.wait_for(|number| *number == 0);
        let _ = tokio::time::timeout(grace, landed).await;
    }

    pub(crate) fn is_told(&self) -> bool {
        *self.told.borrow()
    }

    /// Returns when the server is told to stop.
    pub(crate) async fn told(&self) {
        let _ = self.told.subscribe().wait_for(|told| *told).await;
    }

    pub(crate) fn take_off(&self) -> Flight {
        self.in_flight.send_modify(|number| *number += 1);
        Flight(self.in_flight.clone())
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.send_modify(|number| *number -= 1);
    }
}
