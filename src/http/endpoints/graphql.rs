//! `/graphql`: operations by POST, queries by GET as well (GraphQL over HTTP, draft of the GraphQL Foundation).

mod parameters;
mod read;

use std::sync::Arc;

use async_graphql::{Request as GraphqlRequest, Response as GraphqlResponse, Value, Variables};
use async_graphql_poem::GraphQLResponse;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};

use super::bearer_token::requester;
use super::persisted_query;
use crate::app::App;
use crate::graphql::document::OnlyQueries;
use crate::graphql::error::{self, Code};
use crate::graphql::operations::Operations;
use crate::http::media_type::MediaType;
use crate::http::middleware::cookies;
use crate::http::middleware::request_id::RequestId;
use crate::http::shutdown::Shutdown;
use read::{Asked, Refused};

/// Answers one operation in each request. There are no batches.
pub(crate) struct GraphqlEndpoint {
    app: Arc<App>,
    operations: Arc<Operations>,
    shutdown: Shutdown,
}

impl GraphqlEndpoint {
    pub(crate) fn new(app: Arc<App>, operations: Arc<Operations>, shutdown: Shutdown) -> Self {
        Self { app, operations, shutdown }
    }

    async fn answer(&self, request: &mut Request) -> Response {
        let media_type = match read::accepted(request.headers()) {
            Ok(media_type) => media_type,
            Err(refused) => return refused.answer(MediaType::Json),
        };
        let answer = if read::is_safe(request.method()) {
            self.answer_query(request, media_type).await
        } else {
            self.answer_any(request, media_type).await
        };
        answer.unwrap_or_else(|refused| refused.answer(media_type))
    }

    /// Answers a GET.
    async fn answer_query(&self, request: &Request, media_type: MediaType) -> Result<Response, Refused> {
        let only_queries = OnlyQueries::default();
        let operation = operation(read::safe(request, &self.app)?)?.data(only_queries.clone());
        let mut answer = respond(self.execute(operation, request).await, media_type);
        if only_queries.has_refused() {
            answer.set_status(StatusCode::METHOD_NOT_ALLOWED);
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        Ok(answer)
    }

    /// Answers a POST.
    async fn answer_any(&self, request: &mut Request, media_type: MediaType) -> Result<Response, Refused> {
        let asked = read::posted(request, &self.app, &self.shutdown).await?;
        let cookies = asked.cookies.clone();
        let operation = operation(asked)?;
        let mut answer = respond(self.execute(operation, request).await, media_type);
        if let Some(cookies) = cookies {
            cookies::write(&cookies, self.app.clock.now(), answer.headers_mut());
        }
        Ok(answer)
    }

    async fn execute(&self, operation: GraphqlRequest, request: &Request) -> GraphqlResponse {
        let id = request.data::<RequestId>().map(RequestId::as_str).unwrap_or_default();
        self.operations.execute(operation, requester(request), id).await
    }
}

fn operation(Asked { parameters, cookies }: Asked) -> Result<GraphqlRequest, Refused> {
    let named = persisted_query::asked(parameters.query, parameters.document_id, parameters.extensions.as_ref());
    let (text, name) = named.map_err(|message| Refused::malformed(StatusCode::BAD_REQUEST, message))?;
    let mut operation = GraphqlRequest::new(text);
    operation.operation_name = parameters.operation_name;
    if let Some(cookies) = cookies {
        operation = operation.data(cookies);
    }
    if let Some(name) = name {
        operation = operation.data(name);
    }
    if let Some(variables) = parameters.variables {
        operation.variables = Variables::from_json(serde_json::Value::Object(variables));
    }
    Ok(operation)
}

impl Endpoint for GraphqlEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let is_safe = read::is_safe(request.method());
        let mut answer = self.answer(&mut request).await;
        if is_safe {
            // No cache may store the answer. One that does all the same must not give it to somebody else.
            answer.headers_mut().append(header::VARY, HeaderValue::from_static("Accept, Authorization"));
        }
        Ok(answer)
    }
}

/// With `application/json` every well-formed request gets 200. With the other type a request that was not executed
/// gets 400. In both a panic gets 500, and a request that took too long gets 503.
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
