//! HTTP: routes, the order of middleware, and the server.

mod accept;
mod answer;
mod body;
mod client;
mod connection;
mod deadline;
mod descriptors;
mod door;
mod forwarded;
mod graphiql;
mod graphql;
mod headers;
mod health;
mod patience;
mod places;
mod request_log;
mod revocations;
mod seldom;
mod server;
mod stopping;
mod viewer;
mod wellknown;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Route, get};

use crate::app::App;

pub use server::serve;
use stopping::Stopping;

/// All routes, with what surrounds each request: where it comes from, its id, its log line, the security headers.
fn routes(app: Arc<App>, stopping: Stopping) -> impl Endpoint {
    let mut routes = Route::new()
        .at("/graphql", graphql::GraphqlEndpoint::new(app.clone(), stopping.clone()))
        .at("/health/live", get(health::live))
        .at("/health/ready", get(health::Ready::new(app.clone(), stopping.clone())))
        .at("/revocations", revocations::Revocations::new(app.clone(), stopping.clone()))
        .at("/.well-known/jwks.json", get(wellknown::Jwks::new(&app)));
    if app.config.graphql.graphiql {
        routes = graphiql::add(routes);
    }
    routes.with(headers::SecurityHeaders).with(request_log::RequestLog(stopping)).before(move |mut request| {
        client::locate(&app, &mut request);
        async { Ok(request) }
    })
}
