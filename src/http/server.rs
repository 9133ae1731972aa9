//! Serving until told to stop.

use std::future::Future;
use std::io;
use std::sync::Arc;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connection::Connections;
use super::door::Door;
use super::routes;
use super::stopping::{CLOSING, Stopping};
use crate::app::App;

/// Serves on `listener` until `stop` is done; then, as soon as no request is in flight, or the settings' grace is over, takes
/// no more connections and ends.
///
/// # Errors
/// When the listener has no address, or a document that the operator registered would be refused.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
    let stopping = Stopping::new();
    let grace = app.config.shutdown_grace;
    let routes = routes(app.clone(), stopping.clone()).await.map_err(io::Error::other)?;
    let connections = Connections::new(&app, routes, listener.local_addr()?);
    let mut door = Door::new(app, listener);
    let (mut tasks, graceful) = (JoinSet::new(), GracefulShutdown::new());
    let drained = async {
        stop.await;
        stopping.drain(grace).await;
    };
    tokio::pin!(drained);
    loop {
        tokio::select! {
            () = &mut drained => break,
            (socket, peer, place) = door.admit() => {
                let served = graceful.watch(connections.serve(socket, peer));
                tasks.spawn(async move {
                    let _place = place;
                    // Mostly its client's doing.
                    if let Err(error) = served.await {
                        tracing::debug!(%error, "a connection failed");
                    }
                });
            }
            Some(_) = tasks.join_next() => {}
        }
    }
    drop(door);
    let _ = timeout(CLOSING, graceful.shutdown()).await;
    tasks.shutdown().await;
    Ok(())
}
