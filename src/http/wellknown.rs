//! What other services look up.

use std::sync::Arc;

use poem::http::header;
use poem::{Endpoint, IntoResponse, Request, Response};

use crate::app::App;

/// `/.well-known/jwks.json`: the public keys that verify our access tokens (RFC 7517).
pub(super) struct Jwks(Arc<App>);

impl Jwks {
    pub(super) fn new(app: &Arc<App>) -> Self {
        Self(app.clone())
    }
}

impl Endpoint for Jwks {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        Ok(self
            .0
            .keys
            .jwks()
            .to_owned()
            .with_content_type("application/json")
            .with_header(header::CACHE_CONTROL, "public, max-age=300")
            .with_header("cross-origin-resource-policy", "cross-origin")
            .into_response())
    }
}
