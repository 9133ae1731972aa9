//! Shutdown without losing a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

/// The time that clients get when the server stops: for their connections, once no request is in flight, and for
/// bodies that are still arriving.
pub(crate) const CLOSING: Duration = Duration::from_secs(1);

/// Whether the server is told to stop, and how many requests are in flight.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown {
    told: watch::Sender<bool>,
    in_flight: Arc<InFlight>,
}

#[derive(Debug, Default)]
struct InFlight {
    number: AtomicUsize,
    /// There is none any more.
    none: Notify,
}

/// A request in flight. It counts until this is dropped.
pub(crate) struct RequestInFlight(Arc<InFlight>);

impl Shutdown {
    /// From now on the server is not ready, and streams end.
    pub(crate) fn tell(&self) {
        self.told.send_replace(true);
    }

    /// From now on the server is not ready. Returns when no request is in flight, or after `grace`. Until then
    /// requests are still accepted, because their senders may not have seen yet that the server is not ready.
    pub(crate) async fn drain(&self, grace: Duration) {
        self.tell();
        let _ = tokio::time::timeout(grace, self.in_flight.ended()).await;
    }

    pub(crate) fn is_told(&self) -> bool {
        *self.told.borrow()
    }

    /// Returns when the server is told to stop.
    pub(crate) async fn told(&self) {
        let _ = self.told.subscribe().wait_for(|told| *told).await;
    }

    /// Counts a request as in flight.
    pub(crate) fn begin_request(&self) -> RequestInFlight {
        self.in_flight.number.fetch_add(1, Ordering::SeqCst);
        RequestInFlight(self.in_flight.clone())
    }
}

impl InFlight {
    async fn ended(&self) {
        loop {
            // It hears of all ends from here on, so none is missed after the number was read.
            let none = self.none.notified();
            if self.number.load(Ordering::SeqCst) == 0 {
                return;
            }
            none.await;
        }
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        if self.0.number.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.none.notify_waiters();
        }
    }
}
