//! Which pages of other origins may read our answers (Fetch Standard, section 3.3).

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use super::client_address::NAMING_ADDRESSES;
use super::origin::single;
use crate::app::App;

/// What every page that is allowed may do.
const PREFLIGHT: [(HeaderName, &str); 2] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
    // Two hours; no browser believes more.
    (header::ACCESS_CONTROL_MAX_AGE, "7200"),
];

/// Longest list of headers that a page may ask for, in bytes.
const LIST: usize = 4096;

const EXPOSED: &str = "x-request-id, retry-after";

/// Answers preflights of the origins in the settings, and lets their pages read answers. To others it says nothing, as if there
/// were no CORS.
///
/// Poem's own middleware answers a foreign origin 403 and so refuses what is no CORS request at all, leaves `Vary` out for
/// origins of a list, and takes a preflight for allowed when one of its headers is.
pub(crate) struct Cors(pub(crate) Arc<App>);

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = WithCors<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        WithCors { endpoint, app: self.0.clone() }
    }
}

pub(crate) struct WithCors<E> {
    endpoint: E,
    app: Arc<App>,
}

impl<E: Endpoint> Endpoint for WithCors<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let browsers = &self.app.config.browsers;
        let origin = single(request.headers(), &header::ORIGIN).ok().flatten();
        let origin = origin.filter(|origin| browsers.allows(origin)).map(str::to_owned);
        let is_preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let asked = is_preflight.then(|| allowed_headers(request.headers())).flatten();
        let mut response = match &origin {
            Some(_) if is_preflight => StatusCode::NO_CONTENT.into_response(),
            _ => self.endpoint.get_response(request).await.into_response(),
        };
        let headers = response.headers_mut();
        // Also on answers without: a cache must not hand them to a page that gets more.
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin else { return Ok(response) };
        if browsers.allows_cookies(&origin) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if is_preflight {
            headers.append(header::VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
            headers.extend(PREFLIGHT.map(|(name, value)| (name, HeaderValue::from_static(value))));
            headers.extend(asked.map(|asked| (header::ACCESS_CONTROL_ALLOW_HEADERS, asked)));
        } else {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        }
        if let Ok(origin) = HeaderValue::try_from(origin) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        Ok(response)
    }
}

/// Of the headers that a page asks for, all but those that name the client's address, which are for proxies to set: a visitor of the
/// page may stand in a network that is trusted to name others. `*` is no header, but would mean every one.
fn allowed_headers(headers: &HeaderMap) -> Option<HeaderValue> {
    let asked = single(headers, &header::ACCESS_CONTROL_REQUEST_HEADERS).ok().flatten()?;
    if asked.len() > LIST {
        return None;
    }
    let names = asked.split(',').map(|name| name.trim_matches([' ', '\t'])).filter(|name| !name.is_empty());
    let mut names = names.map(HeaderName::try_from).collect::<Result<Vec<_>, _>>().ok()?;
    names.retain(|name| name.as_str() != "*" && !NAMING_ADDRESSES.contains(name));
    let names = names.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(", ");
    (!names.is_empty()).then(|| HeaderValue::try_from(names).ok()).flatten()
}
