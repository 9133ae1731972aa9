//! HTTP: routes, the order of middleware, and the server.

mod accept;
mod answer;
mod client;
mod graphiql;
mod graphql;
mod headers;
mod health;
mod request_log;
mod server;
mod viewer;
mod wellknown;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use poem::{Endpoint, EndpointExt, Route, get, post};

use crate::app::App;

pub use server::serve;

/// Whether the server is told to stop. Shared by whoever stops it and the readiness check.
#[derive(Clone, Debug, Default)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// All routes, with what surrounds each request: its id, its log line, the security headers.
pub fn routes(app: Arc<App>, stopping: Stopping) -> impl Endpoint {
    let mut routes = Route::new()
        .at("/graphql", post(graphql::GraphqlEndpoint::new(app.clone())))
        .at("/health/live", get(health::live))
        .at("/health/ready", get(health::Ready::new(app.clone(), stopping)))
        .at("/.well-known/jwks.json", get(wellknown::Jwks::new(&app)));
    if app.config.graphiql {
        routes = graphiql::add(routes);
    }
    routes.with(headers::SecurityHeaders).with(request_log::RequestLog)
}
