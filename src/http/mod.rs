//! HTTP in three rooms: `server` has the connections, `endpoints` answers, and `middleware` is around each request. A room knows
//! those after it, and all know the files beside them.

pub(crate) mod endpoints;
pub(crate) mod media_type;
pub(crate) mod middleware;
pub(crate) mod refusal;
pub(crate) mod routes;
pub(crate) mod server;
pub(crate) mod shutdown;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::app::App;
use crate::config::Mail;
use crate::graphql::host::Host;
use crate::graphql::operations::{Operations, read_registered};

pub(crate) use endpoints::bearer_token::credential;
pub(crate) use middleware::client_address::client_at;
pub use routes::ROUTES;
pub(crate) use shutdown::Shutdown;

/// The documents of the page behind links, if this server has it.
pub(crate) fn page_documents(mail: &Mail) -> &'static [(&'static str, &'static str)] {
    if mail.serves_own_page() { &endpoints::confirm::DOCUMENTS } else { &[] }
}

/// Serves `app` and nothing around it on `listener`, for tests; a server has tasks in the background as well.
///
/// # Errors
/// When the listener has no address, or a document that the operator registered would be refused.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
    let (host, shutdown) = (Host::default(), Shutdown::default());
    let registered = read_registered(&app.config.graphql, &host, page_documents(&app.config.mail))
        .await
        .map_err(io::Error::other)?;
    let operations = Operations::new(app.clone(), &host, registered).map_err(io::Error::other)?;
    let routes = endpoints::routes(&app, Arc::new(operations), &shutdown);
    server::serve(app, routes, shutdown, listener, stop).await
}

/// Serves `/metrics` of `app` on a listener of its own, until `stop` is done.
///
/// # Errors
/// When the listener has no address.
pub async fn serve_metrics(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
    let routes = endpoints::metrics::routes(&app);
    server::serve_few(app, routes, listener, stop).await
}
