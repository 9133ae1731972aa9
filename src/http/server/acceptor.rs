//! Accepting connections.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use poem::http::StatusCode;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::connection_limit::{ConnectionLimit, ConnectionPermit, Full};
use super::descriptors;
use super::log_throttle::LogThrottle;
use crate::app::App;
use crate::graphql::error::Code;

/// Pause after the system could not give us a connection. In most cases it lacks files or memory, which other
/// connections have to free first.
const PAUSE: Duration = Duration::from_millis(50);

/// How many connections there can be to a listener for few, which come out of the files that are kept for other things.
const FEW: usize = 16;

/// A listener that accepts a bounded number of connections.
pub(crate) struct Acceptor {
    app: Arc<App>,
    listener: TcpListener,
    limit: ConnectionLimit,
    /// The bound, as an operator knows it.
    bound: &'static str,
    /// Whether connections that are refused count among what limits refuse to clients.
    counts: bool,
    failures: LogThrottle,
    full: LogThrottle,
    full_of_network: LogThrottle,
}

impl Acceptor {
    /// For clients, who may be many.
    pub(crate) fn new(app: Arc<App>, listener: TcpListener) -> Self {
        let settings = &app.config.connections;
        let all = descriptors::connections(settings.max_connections, app.config.database_pool_size);
        let limit = ConnectionLimit::new(all, settings.max_connections_per_network);
        Self { counts: true, ..Self::bounded(app, listener, limit, "PORTCULLIS_MAX_CONNECTIONS") }
    }

    /// For those who ask for metrics.
    pub(crate) fn for_few(app: Arc<App>, listener: TcpListener) -> Self {
        Self::bounded(
            app,
            listener,
            ConnectionLimit::new(FEW, FEW),
            "the most connections to PORTCULLIS_METRICS_LISTEN",
        )
    }

    fn bounded(app: Arc<App>, listener: TcpListener, limit: ConnectionLimit, bound: &'static str) -> Self {
        Self {
            app,
            listener,
            limit,
            bound,
            counts: false,
            failures: LogThrottle::default(),
            full: LogThrottle::default(),
            full_of_network: LogThrottle::default(),
        }
    }

    /// The next connection for which there is a permit. May be dropped while it waits.
    pub(crate) async fn admit(&mut self) -> (TcpStream, SocketAddr, ConnectionPermit) {
        loop {
            match self.listener.accept().await {
                Ok((socket, peer)) => {
                    // All clients behind a proxy share its address.
                    let proxies = &self.app.config.connections.trusted_proxies;
                    let counted = Some(peer.ip()).filter(|address| !proxies.trusts(*address));
                    match self.limit.take(counted) {
                        Ok(permit) => return (socket, peer, permit),
                        Err(full) => self.refuse(socket, peer, full),
                    }
                }
                // Gone before it was accepted.
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
                Err(error) => {
                    if let Some(kept_back) = self.failures.due() {
                        tracing::error!(%error, kept_back, "connections can't be accepted");
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn refuse(&mut self, socket: TcpStream, peer: SocketAddr, full: Full) {
        let throttle = match full {
            Full::All => &mut self.full,
            Full::Network => &mut self.full_of_network,
        };
        if self.counts {
            self.app.limits.refused_connection(matches!(full, Full::Network));
        }
        if let Some(kept_back) = throttle.due() {
            let (address, bound) = (peer.ip().to_canonical(), self.bound);
            match full {
                Full::All => tracing::warn!(%address, kept_back, "refused: {bound} are open"),
                Full::Network => tracing::warn!(
                    %address,
                    kept_back,
                    "refused: PORTCULLIS_MAX_CONNECTIONS_PER_NETWORK are open from there; for a proxy set \
                     PORTCULLIS_TRUSTED_PROXIES"
                ),
            }
        }
        // The client may be gone.
        let _ = answer(socket, full);
    }
}

/// Answers without waiting for anything, so that a client that is refused costs nothing.
fn answer(socket: TcpStream, full: Full) -> io::Result<()> {
    let (status, message) = match full {
        Full::All => (StatusCode::SERVICE_UNAVAILABLE, "Too many connections are open."),
        Full::Network => (StatusCode::TOO_MANY_REQUESTS, "Too many connections are open from your address."),
    };
    let body =
        serde_json::json!({ "errors": [{ "message": message, "extensions": { "code": Code::ServerBusy.as_str() } }] });
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\nretry-after: 5\r\ncache-control: no-store\r\n\
         content-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut socket = socket.into_std()?;
    socket.write_all((head + &body).as_bytes())?;
    socket.shutdown(Shutdown::Write)?;
    // If bytes were left unread, the kernel would reset the connection, and the client might lose the answer.
    let _ = socket.read(&mut [0; 16 * 1024]);
    Ok(())
}
