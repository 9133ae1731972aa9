//! The endpoints, and the order of the middleware around them.

mod bearer_token;
pub(crate) mod body;
mod graphiql;
mod graphql;
mod health;
mod issuer_path;
pub(crate) mod media_type;
mod persisted_query;
pub(crate) mod refusal;
mod revocations;
pub(crate) mod routes;
mod well_known;

use std::sync::Arc;

use poem::http::{StatusCode, Version, header};
use poem::{Endpoint, EndpointExt, Request};

use crate::app::App;
use crate::error::Error;
use crate::graphql::error::Code;
use crate::http::middleware::client_address;
use crate::http::middleware::cors::Cors;
use crate::http::middleware::rate_limit::RequestLimit;
use crate::http::middleware::request_log::RequestLog;
use crate::http::middleware::security_headers::SecurityHeaders;
use crate::http::server::shutdown::Shutdown;

pub use routes::ROUTES;
use routes::Routes;

/// All routes with their middleware, which finds the client's address, gives each request an id and a log line, and
/// adds security headers.
///
/// # Errors
/// When a registered document would be refused.
pub(crate) async fn routes(app: Arc<App>, shutdown: Shutdown) -> Result<impl Endpoint, Error> {
    // This is within CORS, so that pages can read when to come back.
    let limit = || RequestLimit(app.clone());
    let graphql = graphql::GraphqlEndpoint::new(app.clone(), shutdown.clone()).await?;
    let revocations = revocations::Revocations::new(app.clone(), shutdown.clone());
    let mut routes = Routes::new()
        .within("/graphql", graphql, |it| it.with(limit()).with(Cors(app.clone())))
        .at("/health/live", health::live)
        .at("/health/ready", health::Ready::new(app.clone(), shutdown.clone()))
        .within("/revocations", revocations, |it| it.with(limit()))
        .within("/.well-known/jwks.json", well_known::Jwks::new(&app), |it| it.with(limit()));
    routes = well_known::add_discovery(routes, &app);
    if app.config.graphql.graphiql {
        routes = graphiql::add(routes, &app.config.issuer);
    }
    let routes =
        routes.into_route().before(async |request| addressed(request)).with(SecurityHeaders).with(RequestLog(shutdown));
    Ok(routes.before(move |mut request| {
        client_address::locate(&app, &mut request);
        async { Ok(request) }
    }))
}

/// RFC 9112 section 3.2. A proxy may have checked the other one.
fn addressed(request: Request) -> poem::Result<Request> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if request.version() < Version::HTTP_11 || hosts == 1 {
        return Ok(request);
    }
    let message = "Send one Host header.";
    let refused = refusal::refusal(StatusCode::BAD_REQUEST, media_type::MediaType::Json, Code::BadUserInput, message);
    Err(poem::Error::from_response(refused))
}
