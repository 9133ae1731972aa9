//! Which pages of other origins may read our answers (Fetch Standard, section 3.3).

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use super::client_address::NAMING_ADDRESSES;
use super::origin::single;
use crate::app::App;

/// The methods and headers that an allowed page may use.
const PREFLIGHT: [(HeaderName, &str); 2] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
    // Two hours, the longest that any browser accepts.
    (header::ACCESS_CONTROL_MAX_AGE, "7200"),
];

/// Longest list of headers that a page may ask for, in bytes.
const LIST: usize = 4096;

const EXPOSED: &str = "x-request-id, retry-after";

/// Answers preflights of the origins in the settings, and permits their pages to read answers. Other origins get no
/// CORS headers.
///
/// Poem's own middleware is not used: it answers 403 to a foreign origin, which refuses requests that are not CORS at
/// all, it leaves out `Vary` for a list of origins, and it allows a preflight if only one of its headers is allowed.
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
        // This is set even on answers without CORS headers, so that no cache gives them to a page that would get
        // some.
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

/// The headers that a page asks for, except those that name the client's address. Only proxies set those, and a
/// visitor of the page may be in a network that is trusted to set them. `*` is not the name of a header, but would
/// mean all of them.
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
