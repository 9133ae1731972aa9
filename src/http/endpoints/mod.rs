//! The endpoints, and the order of the middleware around them.

pub(crate) mod bearer_token;
pub(crate) mod body;
pub(crate) mod confirm;
mod graphiql;
mod graphql;
mod health;
mod issuer_path;
mod mail_page;
pub(super) mod metrics;
mod page;
pub(crate) mod persisted_query;
mod revocations;
mod well_known;

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, Version, header};
use poem::{Endpoint, EndpointExt, Request, Response};

use crate::app::App;
use crate::graphql::error::Code;
use crate::graphql::operations::Operations;
use crate::http::media_type::MediaType;
use crate::http::middleware::client_address;
use crate::http::middleware::cors::Cors;
use crate::http::middleware::rate_limit::RequestLimit;
use crate::http::middleware::request_log::RequestLog;
use crate::http::middleware::security_headers::SecurityHeaders;
use crate::http::refusal::refusal;
use crate::http::routes::Routes;
use crate::http::shutdown::Shutdown;

/// All routes with their middleware, which finds the client's address, gives each request an id and a log line, and
/// adds security headers.
pub(crate) fn routes(
    app: &Arc<App>,
    operations: Arc<Operations>,
    shutdown: &Shutdown,
) -> impl Endpoint<Output = Response> + use<> {
    // This is within CORS, so that pages can read when to come back.
    let limit = || RequestLimit(app.clone());
    let graphql = graphql::GraphqlEndpoint::new(app.clone(), operations, shutdown.clone());
    let revocations = revocations::Revocations::new(app.clone(), shutdown.clone());
    let mut routes = Routes::new()
        .within("/graphql", graphql, |it| it.with(limit()).with(Cors(app.clone())))
        .at("/health/live", health::live)
        .at("/health/ready", health::Ready::new(app.clone(), shutdown.clone()))
        .within("/revocations", revocations, |it| it.with(limit()))
        .within("/.well-known/jwks.json", well_known::Jwks::new(app), |it| it.with(limit()));
    routes = well_known::add_related_origins(well_known::add_discovery(routes, app), app);
    if app.config.graphql.graphiql {
        routes = graphiql::add(routes, &app.config.issuer);
    }
    if app.config.mail.serves_own_page() {
        routes = confirm::add(routes, &app.config.issuer);
    }
    if app.mailbox().is_some() {
        routes = mail_page::add(routes, app);
    }
    surrounded(routes, app, shutdown)
}

/// The discovery document, and the path at which it is looked up: at the root of the host, wherever the other routes are.
pub(crate) fn discovery(app: &Arc<App>, shutdown: &Shutdown) -> (String, impl Endpoint<Output = Response> + use<>) {
    let routes = well_known::add_discovery(Routes::new(), app);
    (well_known::discovery_path(&app.config.issuer), surrounded(routes, app, shutdown))
}

fn surrounded(routes: Routes, app: &Arc<App>, shutdown: &Shutdown) -> impl Endpoint<Output = Response> + use<> {
    let routes = routes.into_route().before(async |request| addressed(request));
    let (app, routes) =
        (app.clone(), routes.with(SecurityHeaders).with(RequestLog { app: app.clone(), shutdown: shutdown.clone() }));
    routes.before(move |mut request| {
        client_address::locate(&app, &mut request);
        async { Ok(request) }
    })
}

/// RFC 9112 section 3.2. A proxy may have checked the other one. HTTP/2 has the host in the target of the request. The
/// header may then be missing, and must not name another host (RFC 9113 section 8.3.1). From here on it is there.
fn addressed(mut request: Request) -> poem::Result<Request> {
    let authority = request.uri().authority().filter(|_| request.version() > Version::HTTP_11);
    let authority = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let hosts = request.headers().get_all(header::HOST);
    let is_sound = match (&authority, hosts.iter().count()) {
        (Some(authority), _) => hosts.iter().all(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes())),
        (None, 1) => true,
        (None, _) => request.version() < Version::HTTP_11,
    };
    if is_sound {
        if let Some(authority) = authority {
            request.headers_mut().insert(header::HOST, authority);
        }
        return Ok(request);
    }
    let message = "Send one Host header.";
    let refused = refusal(StatusCode::BAD_REQUEST, MediaType::Json, Code::BadUserInput, message);
    Err(poem::Error::from_response(refused))
}
