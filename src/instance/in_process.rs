//! Operations from within the process.

use async_graphql::{Request, Response};

use crate::graphql::Requester;
use crate::graphql::error::malformed;
use crate::graphql::operations::Operations;
use crate::http::endpoints::persisted_query::asked;

/// Executes a request as one that came over HTTP, which may name its document as well.
pub(super) async fn execute(operations: &Operations, mut request: Request, requester: Requester, id: &str) -> Response {
    let extensions = serde_json::to_value(&request.extensions).unwrap_or_default();
    let text = Some(std::mem::take(&mut request.query)).filter(|text| !text.is_empty());
    let (text, name) = match asked(text, None, extensions.as_object()) {
        Ok(asked) => asked,
        Err(message) => return malformed(message),
    };
    request.query = text;
    if let Some(name) = name {
        request = request.data(name);
    }
    operations.execute(request, requester, id).await
}
