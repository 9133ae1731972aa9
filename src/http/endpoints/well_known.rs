//! What other services look up.

use std::sync::Arc;

use poem::http::{HeaderMap, StatusCode, header};
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response};
use serde_json::json;

use super::issuer_path;
use super::routes::Routes;
use crate::app::App;
use crate::http::middleware::rate_limit::RequestLimit;
use crate::tokens::Published;
use crate::tokens::lifecycle::JWKS_MAX_AGE;

/// `/.well-known/jwks.json`: the public keys that verify our access tokens (RFC 7517).
pub(crate) struct Jwks(Arc<App>);

impl Jwks {
    pub(crate) fn new(app: &Arc<App>) -> Self {
        Self(app.clone())
    }
}

impl Endpoint for Jwks {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(public(&request, self.0.keys.current().jwks(self.0.clock.now())))
    }
}

const JWKS: &str = "/.well-known/jwks.json";
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// `/.well-known/oauth-authorization-server`: where our keys are, for gateways that know the issuer alone (RFC 8414).
struct Metadata(Arc<App>);

/// Adds it. For an issuer with a path the well-known part stands between host and path (RFC 8414 section 3.1), where no proxy takes
/// anything away; and it is found behind the path as well, where many look.
pub(crate) fn add_discovery(routes: Routes, app: &Arc<App>) -> Routes {
    let (metadata, limit) = (|| Metadata(app.clone()), || RequestLimit(app.clone()));
    let routes = routes.within(METADATA, metadata(), |it| it.with(limit()));
    match issuer_path::literal(&app.config.issuer) {
        Some(prefix) => routes.also_within(&format!("{METADATA}{prefix}"), METADATA, metadata(), |it| it.with(limit())),
        None => routes,
    }
}

impl Endpoint for Metadata {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let issuer = &self.0.config.issuer;
        // No OAuth is spoken here. The empty list is there since it is required (RFC 8414, section 2).
        let body = json!({
            "issuer": issuer,
            "jwks_uri": format!("{}{JWKS}", issuer.trim_end_matches('/')),
            "response_types_supported": [],
            "access_token_signing_alg_values_supported": self.0.keys.current().algorithms(self.0.clock.now()),
        });
        Ok(public(&request, Published::new(&body)))
    }
}

/// What is the same for everybody, and may be kept as long as the keys.
fn public(request: &Request, Published { body, etag }: Published) -> Response {
    let response = if is_known(request.headers(), &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body.with_content_type("application/json").into_response()
    };
    response
        .with_header(header::CACHE_CONTROL, format!("public, max-age={}", JWKS_MAX_AGE.as_secs()))
        .with_header(header::ETAG, etag)
        .with_header("cross-origin-resource-policy", "cross-origin")
        // Public keys, and where they are: pages of any origin may verify tokens.
        .with_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .into_response()
}

/// Whether the client has what `etag` names (RFC 9110 section 13.1.2). None of our tags has a comma in it.
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
