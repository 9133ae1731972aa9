//! HTTP: routes, the order of middleware, and the server.

mod accept;
mod answer;
mod client;
mod graphiql;
mod graphql;
mod headers;
mod health;
mod persisted;
mod request_log;
mod revocations;
mod server;
mod stopping;
mod viewer;
mod wellknown;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Route, get};

use crate::app::App;
use crate::error::Error;

pub use server::serve;
use stopping::Stopping;

/// All routes, with what surrounds each request: its id, its log line, the security headers.
///
/// # Errors
/// When a registered document would be refused.
async fn routes(app: Arc<App>, stopping: Stopping) -> Result<impl Endpoint, Error> {
    let mut routes = Route::new()
        .at("/graphql", graphql::GraphqlEndpoint::new(app.clone()).await?)
        .at("/health/live", get(health::live))
        .at("/health/ready", get(health::Ready::new(app.clone(), stopping.clone())))
        .at("/revocations", revocations::Revocations::new(app.clone(), stopping.clone()))
        .at("/.well-known/jwks.json", get(wellknown::Jwks::new(&app)));
    if app.config.graphql.graphiql {
        routes = graphiql::add(routes);
    }
    Ok(routes.with(headers::SecurityHeaders).with(request_log::RequestLog(stopping)))
}
