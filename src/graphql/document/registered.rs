//! Documents that the operator registered.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use async_graphql::{Request, ServerError};

use super::Document;
use super::Documents;
use super::document_cache::{Hash, Named, hash_of, refused};
use crate::config::Bounds;
use crate::config::Manifest;
use crate::error::Error;
use crate::graphql::error::Code;

/// Documents by the names that the manifest gives them, and by the SHA-256 of their texts.
#[derive(Default)]
pub struct Registered {
    by_name: HashMap<String, Arc<Document>>,
    by_hash: HashMap<Hash, Arc<Document>>,
}

/// Goes with a request that asks only whether its document is sound. Nothing is executed.
#[derive(Default)]
pub(crate) struct RegisteringDocument(OnceLock<Arc<Document>>);

impl RegisteringDocument {
    /// Says that it is.
    pub(crate) fn found_sound(&self, document: Arc<Document>) {
        let _ = self.0.set(document);
    }
}

impl Registered {
    /// The document of a request. A text is answered if it is exactly that of a registered document.
    pub(super) fn find(&self, text: &str, name: Option<&Named>) -> Result<Arc<Document>, ServerError> {
        let by_text = || self.by_hash.get(&hash_of(text));
        let by_name = |name: &Named| {
            let named = self.by_name.get(&name.0).or_else(|| self.by_name.get(name.payload()));
            named.or_else(|| self.by_hash.get(&name.hash()?))
        };
        let found = match name {
            None => by_text().ok_or(Code::QueryNotInSafelist),
            Some(name) if text.is_empty() => by_name(name).ok_or(Code::PersistedQueryNotInList),
            // The text must be the one that is known by the name.
            Some(name) => by_text()
                .filter(|document| by_name(name).is_some_and(|named| Arc::ptr_eq(named, document)))
                .ok_or(Code::QueryNotInSafelist),
        };
        found.cloned().map_err(refused)
    }
}

/// Reads all documents of a manifest: parses, measures and validates each.
///
/// # Errors
/// [`Error::Internal`] with a line for the operator about each that would be refused.
pub async fn registered(manifest: &Manifest, bounds: Bounds) -> Result<Registered, Error> {
    let schema = crate::graphql::measured(Documents::new(bounds, None, false)).finish();
    let mut registered = Registered::default();
    let mut faults = Vec::new();
    for (name, text) in manifest.0.iter() {
        let registration = Arc::new(RegisteringDocument::default());
        let response = schema.execute(Request::new(text).data(registration.clone())).await;
        match registration.0.get() {
            Some(document) => {
                let document = registered.by_hash.entry(hash_of(text)).or_insert_with(|| document.clone());
                registered.by_name.insert(name.clone(), document.clone());
            }
            None => {
                let why = response.errors.first().map_or("it is refused", |error| error.message.as_str());
                faults.push(format!("\n  {} ({name}): {why}", operation_name(text)));
            }
        }
    }
    if faults.is_empty() {
        return Ok(registered);
    }
    Err(Error::Internal(format!(
        "PORTCULLIS_PERSISTED_DOCUMENTS has documents that can't be answered:{}",
        faults.concat()
    )))
}

/// The name of the document's first operation, as far as it can be told from a text that may not be GraphQL.
fn operation_name(text: &str) -> &str {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if matches!(word, "query" | "mutation" | "subscription") {
            return words.next().unwrap_or("an operation without a name");
        }
    }
    "an operation without a name"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails by panicking")]

    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn each_copy_of_a_long_string_counts_as_memory() {
        let time = Duration::from_secs(1);
        let bounds = Bounds {
            tokens: 1000,
            nesting: 99,
            depth: 9,
            complexity: 9999,
            aliases: 9,
            root_fields: 9,
            directives: 9,
            time,
        };
        let long = "x".repeat(1_000_000);
        let text = format!(
            "{{ me {{ ...F }} b: me {{ ...F }} c: me {{ ...F }} }} \
             fragment F on User {{ sessions(after: \"{long}\") {{ nodes {{ id }} }} }}"
        );
        let manifest = Manifest(Arc::new(BTreeMap::from([("a".to_owned(), text)])));
        let registered = registered(&manifest, bounds).await.expect("a sound document");
        let bytes = registered.by_name["a"].bytes;
        // The text, what was parsed, and each place in what was prepared.
        assert!((5_000_000..5_100_000).contains(&bytes), "{bytes}");
    }
}
