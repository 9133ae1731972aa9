//! What other services look up.

use std::sync::Arc;

use poem::http::{HeaderMap, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};

use crate::app::App;
use crate::tokens::Jwks as Published;
use crate::tokens::lifecycle::JWKS_MAX_AGE;

/// `/.well-known/jwks.json`: the public keys that verify our access tokens (RFC 7517).
pub(super) struct Jwks(Arc<App>);

impl Jwks {
    pub(super) fn new(app: &Arc<App>) -> Self {
        Self(app.clone())
    }
}

impl Endpoint for Jwks {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Published { body, etag } = self.0.keys.current().jwks(self.0.clock.now());
        let response = if is_known(request.headers(), &etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            body.with_content_type("application/json").into_response()
        };
        Ok(response
            .with_header(header::CACHE_CONTROL, format!("public, max-age={}", JWKS_MAX_AGE.as_secs()))
            .with_header(header::ETAG, etag)
            .with_header("cross-origin-resource-policy", "cross-origin")
            // Public keys, the same for everybody: pages of any origin may verify tokens.
            .with_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
            .into_response())
    }
}

/// Whether the client has what `etag` names (RFC 9110 section 13.1.2). None of our tags has a comma in it.
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
