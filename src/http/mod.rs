//! HTTP: routes, the order of middleware, and the server.

mod accept;
mod answer;
mod body;
mod client;
mod connection;
mod cookies;
mod cors;
mod deadline;
mod descriptors;
mod door;
mod forwarded;
mod graphiql;
mod graphql;
mod headers;
mod health;
mod limit;
mod origin;
mod patience;
mod persisted;
mod places;
mod prefix;
mod request_log;
mod revocations;
mod routes;
mod seldom;
mod server;
mod stopping;
mod viewer;
mod wellknown;

use std::sync::Arc;

use poem::http::{StatusCode, Version, header};
use poem::{Endpoint, EndpointExt, Request};

use crate::app::App;
use crate::error::Error;
use crate::graphql::error::Code;

pub use routes::ROUTES;
use routes::Routes;
pub use server::serve;
use stopping::Stopping;

/// All routes, with what surrounds each request: where it comes from, its id, its log line, the security headers.
///
/// # Errors
/// When a registered document would be refused.
async fn routes(app: Arc<App>, stopping: Stopping) -> Result<impl Endpoint, Error> {
    // Within CORS, so that pages can read when to come back.
    let limit = || limit::RequestLimit(app.clone());
    let graphql = graphql::GraphqlEndpoint::new(app.clone(), stopping.clone()).await?;
    let revocations = revocations::Revocations::new(app.clone(), stopping.clone());
    let mut routes = Routes::new()
        .within("/graphql", graphql, |it| it.with(limit()).with(cors::Cors(app.clone())))
        .at("/health/live", health::live)
        .at("/health/ready", health::Ready::new(app.clone(), stopping.clone()))
        .within("/revocations", revocations, |it| it.with(limit()))
        .within("/.well-known/jwks.json", wellknown::Jwks::new(&app), |it| it.with(limit()));
    routes = wellknown::add_discovery(routes, &app);
    if app.config.graphql.graphiql {
        routes = graphiql::add(routes, &app.config.issuer);
    }
    let routes = routes
        .into_route()
        .before(async |request| addressed(request))
        .with(headers::SecurityHeaders)
        .with(request_log::RequestLog(stopping));
    Ok(routes.before(move |mut request| {
        client::locate(&app, &mut request);
        async { Ok(request) }
    }))
}

/// RFC 9112 section 3.2: a proxy may have looked at the other one.
fn addressed(request: Request) -> poem::Result<Request> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if request.version() < Version::HTTP_11 || hosts == 1 {
        return Ok(request);
    }
    let message = "Send one Host header.";
    let refused = answer::refusal(StatusCode::BAD_REQUEST, accept::MediaType::Json, Code::BadUserInput, message);
    Err(poem::Error::from_response(refused))
}
