//! `POST /graphql` (GraphQL over HTTP, draft of the GraphQL Foundation).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request as GraphqlRequest, Response as GraphqlResponse, Value, Variables};
use async_graphql_poem::GraphQLResponse;
use futures_util::FutureExt;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use serde::Deserialize;
use tokio::time::timeout;

use super::accept::{MediaType, negotiate};
use super::answer::refusal;
use super::body::{self, NoBody};
use super::request_log::RequestId;
use super::stopping::Stopping;
use super::viewer::viewer;
use super::{cookies, persisted};
use crate::app::App;
use crate::error::Error;
use crate::graphql::cookies::FOREIGN;
use crate::graphql::error::{self, Code};
use crate::graphql::loaders;
use crate::graphql::{PortcullisSchema, schema};

/// Answers one operation a request: no batches, no GET.
pub(super) struct GraphqlEndpoint {
    app: Arc<App>,
    schema: PortcullisSchema,
    timeout: Duration,
    stopping: Stopping,
}

/// The body, read by hand: the library's extractor takes batches and other content types as well.
#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "an object with query or documentId, and optionally operationName, variables and extensions"
)]
struct Body {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<serde_json::Map<String, serde_json::Value>>,
    extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

impl GraphqlEndpoint {
    /// # Errors
    /// When a registered document would be refused.
    pub(super) async fn new(app: Arc<App>, stopping: Stopping) -> Result<Self, Error> {
        let timeout = app.config.graphql.bounds.time;
        Ok(Self { schema: schema(app.clone()).await?, app, timeout, stopping })
    }

    async fn answer(&self, mut request: Request) -> Result<Response, Response> {
        if request.method() != Method::POST {
            let message = "Send a POST request.";
            let mut refusal = refusal(StatusCode::METHOD_NOT_ALLOWED, MediaType::Json, Code::BadUserInput, message);
            refusal.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return Err(refusal);
        }
        let headers = request.headers();
        let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>();
        let media_type = negotiate((!accept.is_empty()).then(|| accept.join(",")).as_deref()).ok_or_else(|| {
            let message = "Accept application/graphql-response+json or application/json.";
            refusal(StatusCode::NOT_ACCEPTABLE, MediaType::Json, Code::BadUserInput, message)
        })?;
        let refuse = |status, message: &str| refusal(status, media_type, Code::BadUserInput, message);
        let mut content_types = headers.get_all(header::CONTENT_TYPE).iter();
        if !is_json(content_types.next()) || content_types.next().is_some() {
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json."));
        }
        if headers
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
        {
            return Err(refuse(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send the body as it is, without Content-Encoding.",
            ));
        }
        let cookies = cookies::of(&self.app, headers)
            .map_err(|cookies::Foreign| refusal(StatusCode::FORBIDDEN, media_type, Code::Forbidden, FOREIGN))?;
        let body =
            body::read(&mut request, &self.app, &self.stopping).await.map_err(|none| self.without(none, media_type))?;
        let body = parse(&body).map_err(|message| refuse(StatusCode::BAD_REQUEST, &message))?;
        let asked = persisted::asked(body.query, body.document_id, body.extensions.as_ref());
        let (text, name) = asked.map_err(|message| refuse(StatusCode::BAD_REQUEST, message))?;
        let mut operation = GraphqlRequest::new(text).data(viewer(&request)).data(loaders::sessions(self.app.clone()));
        operation = operation.data(loaders::events(self.app.clone()));
        operation.operation_name = body.operation_name;
        if let Some(cookies) = cookies.clone() {
            operation = operation.data(cookies);
        }
        if let Some(name) = name {
            operation = operation.data(name);
        }
        if let Some(variables) = body.variables {
            operation.variables = Variables::from_json(serde_json::Value::Object(variables));
        }
        let id = request.data::<RequestId>().map(RequestId::as_str).unwrap_or_default();
        let mut answer = respond(self.execute(operation, id).await, media_type);
        if let Some(cookies) = cookies {
            cookies::write(&cookies, self.app.clock.now(), answer.headers_mut());
        }
        Ok(answer)
    }

    /// The answer to a request without a body. What may still come of it is not waited for.
    fn without(&self, body: NoBody, media_type: MediaType) -> Response {
        let limit = self.app.config.graphql.max_body_bytes;
        let (status, code, message) = match body {
            NoBody::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, Code::BadUserInput, &*format!("The body is over {limit} bytes."))
            }
            NoBody::Broken => (StatusCode::BAD_REQUEST, Code::BadUserInput, "The body did not arrive whole."),
            NoBody::Slow => (StatusCode::REQUEST_TIMEOUT, Code::BadUserInput, "The body did not arrive in time."),
            NoBody::Stopping => (StatusCode::SERVICE_UNAVAILABLE, Code::ServiceUnavailable, "The server is stopping."),
        };
        let mut refusal = refusal(status, media_type, code, message);
        refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        refusal
    }

    async fn execute(&self, operation: GraphqlRequest, request_id: &str) -> GraphqlResponse {
        let work = AssertUnwindSafe(self.schema.execute(operation)).catch_unwind();
        let mut response = match timeout(self.timeout, work).await {
            Ok(Ok(response)) => response,
            // The panic hook has logged it.
            Ok(Err(_)) => error::panicked(),
            Err(_) => error::late(),
        };
        error::finish(&mut response, request_id);
        response
    }
}

impl Endpoint for GraphqlEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.answer(request).await.unwrap_or_else(|refusal| refusal))
    }
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

/// The error names a place in the body, and never quotes it.
fn parse(body: &[u8]) -> Result<Body, String> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err("Batches are not answered: send one operation a request.".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => format!(
                "The body is not a GraphQL request: an object with the string query or documentId, and \
                 optionally operationName, variables and extensions (line {line}, column {column})."
            ),
            _ => format!("The body is not JSON (line {line}, column {column})."),
        }
    })
}

/// With `application/json` every well-formed request gets 200; with the other type one that was not executed gets 400. A
/// panic gets 500 in both, and what took too long 503.
fn respond(response: GraphqlResponse, media_type: MediaType) -> Response {
    let refused = response.data == Value::Null && response.is_err();
    let status = match media_type {
        _ if refused && error::tells(&response, Code::InternalServerError) => StatusCode::INTERNAL_SERVER_ERROR,
        _ if refused && error::tells(&response, Code::ServiceUnavailable) => StatusCode::SERVICE_UNAVAILABLE,
        MediaType::GraphqlResponse if refused => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let mut answer = if refused {
        // Nothing was executed, so there is no `data` (GraphQL specification, section 7.1).
        serde_json::json!({ "errors": response.errors }).to_string().into_response()
    } else {
        GraphQLResponse(response).into_response()
    };
    answer.set_status(status);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.content_type()));
    answer
}
