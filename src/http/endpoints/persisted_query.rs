//! How a request names its document: by its text, by a hash, or both.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::graphql::document::Named;

/// `extensions.persistedQuery`, as Apollo's clients send it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    version: u64,
    sha256_hash: String,
}

/// The text, which is empty if there is none, and the name, which is `documentId` (GraphQL over HTTP, appendix A) or
/// `extensions.persistedQuery`.
///
/// # Errors
/// A sentence for the client.
pub(crate) fn asked(
    text: Option<String>,
    document_id: Option<String>,
    extensions: Option<&Map<String, Value>>,
) -> Result<(String, Option<Named>), &'static str> {
    let extension = extensions.and_then(|extensions| extensions.get("persistedQuery")).filter(|value| !value.is_null());
    let hash = match extension.map(PersistedQuery::deserialize) {
        None => None,
        Some(Ok(PersistedQuery { version: 1, sha256_hash })) => Some(sha256_hash),
        Some(_) => {
            return Err("extensions.persistedQuery is an object with version, which is 1, and the string sha256Hash.");
        }
    };
    match (text, document_id, hash) {
        (_, Some(_), Some(_)) => Err("Send documentId or extensions.persistedQuery, not both."),
        (None, None, None) => Err("This is not a GraphQL request: it has neither query nor documentId."),
        (text, id, hash) => Ok((text.unwrap_or_default(), id.or(hash).map(Named))),
    }
}
