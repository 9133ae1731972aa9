//! Answers to requests that are refused before they are read as GraphQL.

use poem::http::{StatusCode, header};
use poem::{Body, Response};

use super::media_type::MediaType;
use crate::graphql::error::{Code, UNAVAILABLE};

/// An answer with one entry in `errors` and no `data`.
pub(crate) fn refusal(status: StatusCode, media_type: MediaType, code: Code, message: &str) -> Response {
    let body = serde_json::json!({ "errors": [{ "message": message, "extensions": { "code": code.as_str() } }] });
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, media_type.content_type())
        .body(Body::from_string(body.to_string()))
}

/// An answer while there is no service.
pub(crate) fn unavailable() -> Response {
    refusal(StatusCode::SERVICE_UNAVAILABLE, MediaType::Json, Code::ServiceUnavailable, UNAVAILABLE)
}
