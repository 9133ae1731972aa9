//! Accepting connections, and serving until told to stop.

mod acceptor;
mod connection;
mod connection_limit;
mod deadline;
mod descriptors;
mod io_timeout;
mod log_throttle;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use poem::Endpoint;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::app::App;
use crate::http::shutdown::{CLOSING, Shutdown};
use acceptor::Acceptor;
use connection::Connections;

/// Serves `endpoint` on `listener` until `stop` is done. Then it waits until no request is in flight, or the grace period
/// of the settings is over, accepts no more connections and ends.
///
/// # Errors
/// When the listener has no address.
pub(crate) async fn serve(
    app: Arc<App>,
    endpoint: impl Endpoint + 'static,
    shutdown: Shutdown,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let connections = Connections::new(&app, endpoint, listener.local_addr()?);
    let grace = app.config.shutdown_grace;
    accept(Acceptor::new(app, listener), connections, shutdown, grace, stop).await
}

/// The same for a few who ask for metrics.
///
/// # Errors
/// When the listener has no address.
pub(crate) async fn serve_few(
    app: Arc<App>,
    endpoint: impl Endpoint + 'static,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let connections = Connections::new(&app, endpoint, listener.local_addr()?);
    let grace = app.config.shutdown_grace;
    accept(Acceptor::for_few(app, listener), connections, Shutdown::default(), grace, stop).await
}

async fn accept<E: Endpoint + 'static>(
    mut acceptor: Acceptor,
    connections: Connections<E>,
    shutdown: Shutdown,
    grace: Duration,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (mut tasks, graceful) = (JoinSet::new(), GracefulShutdown::new());
    let drained = async {
        stop.await;
        shutdown.drain(grace).await;
    };
    tokio::pin!(drained);
    loop {
        tokio::select! {
            () = &mut drained => break,
            (socket, peer, permit) = acceptor.admit() => {
                let served = graceful.watch(connections.serve(socket, peer));
                tasks.spawn(async move {
                    let _permit = permit;
                    // In most cases the client is the cause.
                    if let Err(error) = served.await {
                        tracing::debug!(%error, "a connection failed");
                    }
                });
            }
            Some(_) = tasks.join_next() => {}
        }
    }
    drop(acceptor);
    let _ = timeout(CLOSING, graceful.shutdown()).await;
    tasks.shutdown().await;
    Ok(())
}
