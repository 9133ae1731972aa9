//! Documents that the operator registered.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use async_graphql::ServerError;

use super::Document;
use super::name::{Hash, Named, hash_of, refused};
use crate::graphql::error::Code;

/// Documents by the names that the manifest gives them, and by the SHA-256 of their texts.
#[derive(Default)]
pub(crate) struct Registered {
    by_name: HashMap<String, Arc<Document>>,
    by_hash: HashMap<Hash, Arc<Document>>,
}

/// Data of a request that only checks its document. Nothing is executed.
#[derive(Default)]
pub(crate) struct RegisteringDocument(OnceLock<Arc<Document>>);

impl RegisteringDocument {
    /// Marks the document as valid.
    pub(super) fn found_sound(&self, document: Arc<Document>) {
        let _ = self.0.set(document);
    }

    /// The document, if it is valid.
    pub(super) fn sound(&self) -> Option<&Arc<Document>> {
        self.0.get()
    }
}

impl Registered {
    /// Adds a document of the manifest. Two names of one text stand for one document.
    pub(super) fn add(&mut self, name: &str, text: &str, document: &Arc<Document>) {
        let document = self.by_hash.entry(hash_of(text)).or_insert_with(|| document.clone());
        self.by_name.insert(name.to_owned(), document.clone());
    }

    /// Adds a document that is found by its text or its hash alone.
    pub(super) fn add_unnamed(&mut self, text: &str, document: &Arc<Document>) {
        self.by_hash.entry(hash_of(text)).or_insert_with(|| document.clone());
    }

    /// The document of a request. A text is executed only if it is exactly that of a registered document.
    pub(super) fn find(&self, text: &str, name: Option<&Named>) -> Result<Arc<Document>, ServerError> {
        let by_text = || self.by_hash.get(&hash_of(text));
        let by_name = |name: &Named| {
            let named = self.by_name.get(&name.0).or_else(|| self.by_name.get(name.payload()));
            named.or_else(|| self.by_hash.get(&name.hash()?))
        };
        let found = match name {
            None => by_text().ok_or(Code::QueryNotInSafelist),
            Some(name) if text.is_empty() => by_name(name).ok_or(Code::PersistedQueryNotInList),
            // The text must be the one that was registered under the name.
            Some(name) => by_text()
                .filter(|document| by_name(name).is_some_and(|named| Arc::ptr_eq(named, document)))
                .ok_or(Code::QueryNotInSafelist),
        };
        found.cloned().map_err(refused)
    }
}
