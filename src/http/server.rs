//! Serving until told to stop.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use poem::Server;
use poem::listener::TcpAcceptor;
use tokio::net::TcpListener;

use super::routes;
use super::stopping::Stopping;
use crate::app::App;

/// What connections get to close once no request is in flight.
const CLOSING: Duration = Duration::from_secs(1);

/// Serves on `listener` until `stop` is done; then, as soon as no request is in flight, or the settings' grace is over, takes
/// no more connections and ends.
///
/// # Errors
/// When the listener fails, or a document that the operator registered would be refused.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
    let stopping = Stopping::new();
    let grace = app.config.shutdown_grace;
    let endpoint = routes(app, stopping.clone()).await.map_err(io::Error::other)?;
    let signal = async move {
        stop.await;
        stopping.drain(grace).await;
    };
    Server::new_with_acceptor(TcpAcceptor::from_tokio(listener)?)
        .run_with_graceful_shutdown(endpoint, signal, Some(CLOSING))
        .await
}
