//! Documents that the operator registered.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use async_graphql::{Request, ServerError};

use super::Document;
use super::Documents;
use super::known::{Hash, Named, hash_of, refused};
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
pub(crate) struct Registration(OnceLock<Arc<Document>>);

impl Registration {
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
        let registration = Arc::new(Registration::default());
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
