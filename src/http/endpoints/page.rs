//! Pages and their assets, which are in the binary.

use poem::http::{HeaderName, HeaderValue, header};
use poem::{Body, Endpoint, Request, Response};

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// A page with this policy, which no page of another origin can hold on to.
pub(super) fn page(policy: &'static str, body: Body) -> Response {
    let mut response = Response::builder().content_type("text/html; charset=utf-8").body(body);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response.headers_mut().insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// A file that a page loads.
pub(super) struct Asset {
    pub(super) content_type: &'static str,
    pub(super) bytes: &'static [u8],
}

pub(super) const SCRIPT: &str = "text/javascript; charset=utf-8";
pub(super) const STYLE: &str = "text/css; charset=utf-8";

impl Endpoint for Asset {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        Ok(Response::builder().content_type(self.content_type).body(self.bytes))
    }
}
