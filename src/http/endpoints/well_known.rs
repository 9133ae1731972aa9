//! Documents that other services look up.

use std::sync::Arc;

use headers::{AccessControlAllowOrigin, CacheControl, ETag, HeaderMapExt, IfNoneMatch};
use poem::error::InternalServerError;
use poem::http::{HeaderValue, StatusCode};
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response};
use serde_json::json;

use super::issuer_path;
use crate::app::App;
use crate::config::RelyingParty;
use crate::http::middleware::rate_limit::RequestLimit;
use crate::http::routes::Routes;
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
        public(&request, self.0.keys.current().jwks(self.0.clock.now()))
    }
}

const JWKS: &str = "/.well-known/jwks.json";
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// `/.well-known/oauth-authorization-server`: where our keys are, for gateways that know the issuer alone (RFC 8414).
struct Metadata(Arc<App>);

/// Adds the metadata document. For an issuer with a path, the well-known part stands between host and path (RFC 8414
/// section 3.1), and proxies don't remove the path there. The document is found behind the path as well, where many
/// clients look for it.
pub(crate) fn add_discovery(routes: Routes, app: &Arc<App>) -> Routes {
    let (metadata, limit) = (|| Metadata(app.clone()), || RequestLimit(app.clone()));
    let routes = routes.within(METADATA, metadata(), |it| it.with(limit()));
    match issuer_path::literal(&app.config.issuer) {
        Some(prefix) => routes.also_within(&format!("{METADATA}{prefix}"), METADATA, metadata(), |it| it.with(limit())),
        None => routes,
    }
}

/// Where the document of this issuer is looked up.
pub(crate) fn discovery_path(issuer: &str) -> String {
    format!("{METADATA}{}", issuer_path::literal(issuer).unwrap_or_default())
}

impl Endpoint for Metadata {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let issuer = &self.0.config.issuer;
        // This server does not speak OAuth. The list is empty, but required (RFC 8414, section 2).
        let body = json!({
            "issuer": issuer,
            "jwks_uri": format!("{}{JWKS}", issuer.trim_end_matches('/')),
            "response_types_supported": [],
            "access_token_signing_alg_values_supported": self.0.keys.current().algorithms(self.0.clock.now()),
        });
        public(&request, Published::new(&body))
    }
}

/// `/.well-known/webauthn`: the pages of other domains that may use our passkeys (WebAuthn Level 3 section 5.11.1).
struct RelatedOrigins(Arc<App>);

/// Adds the document where there are such pages. Browsers look it up at the root of the host that the RP ID names.
pub(crate) fn add_related_origins(routes: Routes, app: &Arc<App>) -> Routes {
    if related_origins(app).is_empty() {
        return routes;
    }
    routes.within("/.well-known/webauthn", RelatedOrigins(app.clone()), |it| it.with(RequestLimit(app.clone())))
}

fn related_origins(app: &App) -> &[String] {
    app.config.passkeys.as_ref().map_or(&[], RelyingParty::related_origins)
}

impl Endpoint for RelatedOrigins {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        public(&request, Published::new(&json!({ "origins": related_origins(&self.0) })))
    }
}

/// An answer that is the same for everybody, and may be cached as long as the keys.
fn public(request: &Request, Published { body, etag }: Published) -> poem::Result<Response> {
    let etag: ETag = etag.parse().map_err(InternalServerError)?;
    let known: Option<IfNoneMatch> = request.headers().typed_get();
    let mut response = if known.is_some_and(|known| !known.precondition_passes(&etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body.with_content_type("application/json").into_response()
    };
    let headers = response.headers_mut();
    headers.typed_insert(CacheControl::new().with_public().with_max_age(JWKS_MAX_AGE));
    headers.typed_insert(etag);
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    // These are public keys and their address, so pages of any origin may read them.
    headers.typed_insert(AccessControlAllowOrigin::ANY);
    Ok(response)
}
