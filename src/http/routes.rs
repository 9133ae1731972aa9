//! The table of routes: each path with the methods that it answers, and 405 with `Allow` for all others.

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Route};

use super::media_type::MediaType;
use super::refusal::refusal;
use crate::graphql::error::Code;

/// Each path with the methods that it answers, as the header `Allow` lists them (RFC 9110 section 10.2.1). A path that is not
/// here answers none.
pub const ROUTES: [(&str, &str); 18] = [
    ("/graphql", "GET, HEAD, POST"),
    ("/health/live", "GET, HEAD"),
    ("/health/ready", "GET, HEAD"),
    ("/revocations", "GET"),
    ("/.well-known/jwks.json", "GET, HEAD"),
    ("/.well-known/oauth-authorization-server", "GET, HEAD"),
    ("/.well-known/webauthn", "GET, HEAD"),
    ("/", "GET, HEAD"),
    ("/graphiql/graphiql.js", "GET, HEAD"),
    ("/graphiql/graphiql.css", "GET, HEAD"),
    ("/graphiql/THIRD-PARTY-LICENSES.txt", "GET, HEAD"),
    ("/confirm", "GET, HEAD"),
    ("/confirm/confirm.js", "GET, HEAD"),
    ("/confirm/confirm.css", "GET, HEAD"),
    ("/mail", "GET, HEAD"),
    ("/mail/html", "GET, HEAD"),
    ("/mail/mail.js", "GET, HEAD"),
    ("/mail/mail.css", "GET, HEAD"),
];

/// The routes that a server has.
pub(crate) struct Routes(Route);

impl Routes {
    pub(crate) fn new() -> Self {
        Self(Route::new())
    }

    /// Adds the endpoint of a path in the table.
    pub(crate) fn at<E: Endpoint + 'static>(self, path: &'static str, endpoint: E) -> Self {
        self.within(path, endpoint, |endpoint| endpoint)
    }

    /// Adds the endpoint with its middleware, which sees requests of all methods.
    pub(crate) fn within<E, A>(self, path: &'static str, endpoint: E, around: impl FnOnce(Methods<E>) -> A) -> Self
    where
        E: Endpoint,
        A: Endpoint + 'static,
    {
        Self(self.0.at(path, around(Methods::of(path, endpoint))))
    }

    /// Adds the endpoint of a path in the table under another path, which is matched literally.
    pub(crate) fn also_at<E: Endpoint + 'static>(self, other: &str, path: &'static str, endpoint: E) -> Self {
        self.also_within(other, path, endpoint, |endpoint| endpoint)
    }

    /// The same with its middleware.
    pub(crate) fn also_within<E, A>(
        self,
        other: &str,
        path: &'static str,
        endpoint: E,
        around: impl FnOnce(Methods<E>) -> A,
    ) -> Self
    where
        E: Endpoint,
        A: Endpoint + 'static,
    {
        Self(self.0.at(other, around(Methods::of(path, endpoint))))
    }

    pub(crate) fn into_route(self) -> Route {
        self.0
    }
}

/// An endpoint that gets only requests of the methods in the table.
pub(crate) struct Methods<E> {
    endpoint: E,
    allow: &'static str,
}

impl<E> Methods<E> {
    fn of(path: &str, endpoint: E) -> Self {
        let row = ROUTES.iter().find(|(listed, _)| *listed == path);
        Self { endpoint, allow: row.map_or("", |(_, allow)| allow) }
    }
}

impl<E: Endpoint> Endpoint for Methods<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if self.allow.split(", ").any(|allowed| allowed == request.method().as_str()) {
            // Boxed, because each future around it would be as large, and is moved.
            return Box::pin(self.endpoint.call(request)).await.map(IntoResponse::into_response);
        }
        let message = format!("Send one of these methods: {}.", self.allow);
        let mut refusal = refusal(StatusCode::METHOD_NOT_ALLOWED, MediaType::Json, Code::BadUserInput, &message);
        refusal.headers_mut().insert(header::ALLOW, HeaderValue::from_static(self.allow));
        Ok(refusal)
    }
}
