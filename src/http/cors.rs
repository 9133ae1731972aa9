//! Which pages of other origins may read our answers (Fetch Standard, section 3.3).

use std::sync::Arc;

use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use super::origin::single;
use crate::app::App;

/// What every page that is allowed may do. Beside what is ours, what GraphQL clients and tracing send by themselves.
const PREFLIGHT: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "authorization, content-type, x-request-id, apollo-require-preflight, apollographql-client-name, \
         apollographql-client-version, x-apollo-operation-name, graphql-client-name, graphql-client-version, \
         traceparent, tracestate",
    ),
    // Two hours; no browser believes more.
    (header::ACCESS_CONTROL_MAX_AGE, "7200"),
];

const EXPOSED: &str = "x-request-id, retry-after";

/// Answers preflights of the origins in the settings, and lets their pages read answers. To others it says nothing, as if there
/// were no CORS.
///
/// Poem's own middleware answers a foreign origin 403 and so refuses what is no CORS request at all, leaves `Vary` out for
/// origins of a list, and takes a preflight for allowed when one of its headers is.
pub(super) struct Cors(pub(super) Arc<App>);

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = WithCors<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        WithCors { endpoint, app: self.0.clone() }
    }
}

pub(super) struct WithCors<E> {
    endpoint: E,
    app: Arc<App>,
}

impl<E: Endpoint> Endpoint for WithCors<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let browsers = &self.app.config.browsers;
        let origin = single(request.headers(), &header::ORIGIN).ok().flatten();
        let origin =
            origin.filter(|origin| browsers.allows(origin)).and_then(|origin| HeaderValue::from_str(origin).ok());
        let is_preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = match &origin {
            Some(_) if is_preflight => StatusCode::NO_CONTENT.into_response(),
            _ => self.endpoint.get_response(request).await.into_response(),
        };
        let headers = response.headers_mut();
        // Also on answers without: a cache must not hand them to a page that gets more.
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin else { return Ok(response) };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if browsers.cookies {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if is_preflight {
            for (name, value) in PREFLIGHT {
                headers.insert(name, HeaderValue::from_static(value));
            }
        } else {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        }
        Ok(response)
    }
}
