//! Reading a request from the body of a POST or the query string of a GET.

use std::borrow::Cow;
use std::sync::Arc;

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};

use super::parameters::Parameters;
use crate::app::App;
use crate::graphql::cookies::{Cookies, FOREIGN};
use crate::graphql::error::Code;
use crate::http::endpoints::body::{self, NoBody};
use crate::http::media_type::{MediaType, negotiate};
use crate::http::middleware::cookies;
use crate::http::refusal::refusal;
use crate::http::shutdown::Shutdown;

/// A request that was read.
pub(super) struct Asked {
    pub(super) parameters: Parameters,
    /// Our cookies, if they are switched on and the request may use them.
    pub(super) cookies: Option<Arc<Cookies>>,
}

/// A request that is not answered.
pub(super) struct Refused {
    status: StatusCode,
    code: Code,
    message: Cow<'static, str>,
    /// The connection is closed without waiting for the rest of the request.
    closes: bool,
}

impl Refused {
    /// It is malformed.
    pub(super) fn malformed(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code: Code::BadUserInput, message: message.into(), closes: false }
    }

    /// The message for the client.
    pub(super) fn answer(&self, media_type: MediaType) -> Response {
        let mut answer = refusal(self.status, media_type, self.code, &self.message);
        if self.closes {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

/// Whether the request may only read. A page that makes a browser send it gets no authority from the browser's
/// cookies.
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The media type of the answer.
pub(super) fn accepted(headers: &HeaderMap) -> Result<MediaType, Refused> {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>();
    negotiate((!accept.is_empty()).then(|| accept.join(",")).as_deref()).ok_or_else(|| {
        let message = "Accept application/graphql-response+json or application/json.";
        Refused::malformed(StatusCode::NOT_ACCEPTABLE, message)
    })
}

/// Reads a GET. Its cookies are ignored, because any page and any link can make a browser send them.
pub(super) fn safe(request: &Request, app: &App) -> Result<Asked, Refused> {
    let (query_string, limit) = (request.uri().query().unwrap_or_default(), app.config.graphql.max_body_bytes);
    if query_string.len() > limit {
        return Err(Refused::malformed(StatusCode::URI_TOO_LONG, format!("The query string is over {limit} bytes.")));
    }
    let parameters = Parameters::of_query_string(query_string);
    let parameters = parameters.map_err(|message| Refused::malformed(StatusCode::BAD_REQUEST, message))?;
    Ok(Asked { parameters, cookies: None })
}

/// Reads a POST.
pub(super) async fn posted(request: &mut Request, app: &App, shutdown: &Shutdown) -> Result<Asked, Refused> {
    let headers = request.headers();
    must_be_json(headers)?;
    let cookies = cookies::of(app, headers).map_err(|cookies::Foreign| Refused {
        status: StatusCode::FORBIDDEN,
        code: Code::Forbidden,
        message: FOREIGN.into(),
        closes: false,
    })?;
    let body = body::read(request, app, shutdown).await.map_err(|none| without(none, app))?;
    let parameters = Parameters::of_body(&body);
    let parameters = parameters.map_err(|message| Refused::malformed(StatusCode::BAD_REQUEST, message))?;
    Ok(Asked { parameters, cookies })
}

fn must_be_json(headers: &HeaderMap) -> Result<(), Refused> {
    let unsupported = |message: &'static str| Err(Refused::malformed(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    let mut content_types = headers.get_all(header::CONTENT_TYPE).iter();
    if !is_json(content_types.next()) || content_types.next().is_some() {
        return unsupported("Send Content-Type: application/json.");
    }
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if encodings.any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return unsupported("Send the body as it is, without Content-Encoding.");
    }
    Ok(())
}

fn is_json(content_type: Option<&HeaderValue>) -> bool {
    let Some(text) = content_type.and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = text.split(';').map(str::trim);
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"))
        && parts.all(|part| match part.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

/// The answer to a POST without a body.
fn without(body: NoBody, app: &App) -> Refused {
    let limit = app.config.graphql.max_body_bytes;
    let (status, code, message) = match body {
        NoBody::TooLarge => {
            let message = format!("The body is over {limit} bytes.");
            (StatusCode::PAYLOAD_TOO_LARGE, Code::BadUserInput, message.into())
        }
        NoBody::Broken => (StatusCode::BAD_REQUEST, Code::BadUserInput, "The body did not arrive whole.".into()),
        NoBody::Slow => (StatusCode::REQUEST_TIMEOUT, Code::BadUserInput, "The body did not arrive in time.".into()),
        NoBody::ShuttingDown => {
            (StatusCode::SERVICE_UNAVAILABLE, Code::ServiceUnavailable, "The server is stopping.".into())
        }
    };
    Refused { status, code, message, closes: true }
}
