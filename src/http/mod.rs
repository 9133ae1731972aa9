//! HTTP: routes, the order of middleware, and the server.

mod accept;
mod answer;
mod client;
mod cookies;
mod cors;
mod graphiql;
mod graphql;
mod headers;
mod health;
mod limit;
mod origin;
mod request_log;
mod revocations;
mod server;
mod stopping;
mod viewer;
mod wellknown;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Route, get};

use crate::app::App;

pub use server::serve;
use stopping::Stopping;

/// All routes, with what surrounds each request: its id, its log line, the security headers.
fn routes(app: Arc<App>, stopping: Stopping) -> impl Endpoint {
    // Within CORS, so that pages can read when to come back.
    let limit = || limit::RequestLimit(app.clone());
    let mut routes = Route::new()
        .at("/graphql", graphql::GraphqlEndpoint::new(app.clone()).with(limit()).with(cors::Cors(app.clone())))
        .at("/health/live", get(health::live))
        .at("/health/ready", get(health::Ready::new(app.clone(), stopping.clone())))
        .at("/revocations", revocations::Revocations::new(app.clone(), stopping.clone()).with(limit()))
        .at("/.well-known/jwks.json", get(wellknown::Jwks::new(&app)).with(limit()));
    if app.config.graphql.graphiql {
        routes = graphiql::add(routes);
    }
    routes.with(headers::SecurityHeaders).with(request_log::RequestLog(stopping))
}
