//! Serving until told to stop.

use std::future::Future;
use std::io;
use std::sync::Arc;

use poem::Server;
use poem::listener::TcpAcceptor;
use tokio::net::TcpListener;

use super::{Stopping, routes};
use crate::app::App;

/// Serves on `listener` until `stop` is done, then takes no more connections and lets requests in flight finish, for as long as
/// the settings grant.
///
/// # Errors
/// When the listener fails.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
    let stopping = Stopping::default();
    let grace = app.config.shutdown_grace;
    let endpoint = routes(app, stopping.clone());
    let signal = async move {
        stop.await;
        stopping.set();
    };
    Server::new_with_acceptor(TcpAcceptor::from_tokio(listener)?)
        .run_with_graceful_shutdown(endpoint, signal, Some(grace))
        .await
}
