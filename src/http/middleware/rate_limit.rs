//! Refusing whole requests of an address that sends too many.

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use super::client_address::address;
use crate::app::App;
use crate::graphql::error::Code;
use crate::http::media_type::MediaType;
use crate::http::refusal::refusal;

/// Counts each request.
pub(crate) struct RequestLimit(pub(crate) Arc<App>);

impl<E: Endpoint> Middleware<E> for RequestLimit {
    type Output = Limited<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Limited { endpoint, app: self.0.clone() }
    }
}

pub(crate) struct Limited<E> {
    endpoint: E,
    app: Arc<App>,
}

impl<E: Endpoint> Endpoint for Limited<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if let Err(retry_after) = self.app.limits.request(address(&request), &self.app.clock) {
            let message = "There were too many requests. Try again later.";
            let refused = refusal(StatusCode::TOO_MANY_REQUESTS, MediaType::Json, Code::RateLimited, message);
            let seconds = retry_after.as_secs_f64().ceil().to_string();
            return Ok(refused.with_header(header::RETRY_AFTER, seconds).into_response());
        }
        self.endpoint.call(request).await.map(IntoResponse::into_response)
    }
}
