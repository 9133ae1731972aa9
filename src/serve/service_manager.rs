//! What the service manager is told that gave us a socket for it in `NOTIFY_SOCKET`: sd_notify(3). Without one, nothing.

use std::net::SocketAddr;

use sd_notify::NotifyState::{self, Ready, Status, Stopping};

/// Requests are answered from now on.
pub(crate) fn ready(address: SocketAddr) {
    tell(&[Ready, Status(&format!("serving http://{address}/graphql"))]);
}

/// The orderly stop begins.
pub(crate) fn stopping() {
    tell(&[Stopping, Status("stopping: requests in flight may finish")]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager can't be told by NOTIFY_SOCKET");
    }
}
