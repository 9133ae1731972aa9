//! The cache of documents: those that the operator registered, or those that clients have sent.

use std::sync::Arc;

use async_graphql::{Pos, ServerError};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::Document;
use super::name::{Hash, Named, hash_of, refused};
use super::refusal::refusal;
use super::registered::Registered;
use crate::error::{Error, OrInternal};
use crate::graphql::error::Code;

/// The document of a request.
pub(crate) enum Found {
    /// A document that was parsed and measured before.
    Known(Arc<Document>),
    /// A new document. If its text is valid, it is added to the cache under this hash by [`DocumentCache::remember`].
    New(Hash),
}

/// The documents that one instance knows.
pub(crate) struct DocumentCache {
    mode: Mode,
    /// By the hash of their text, bounded in bytes. A client that floods the cache needs a valid request for each
    /// document, and documents that are used again stay in it.
    remembered: Cache<Hash, Arc<Document>, Bytes>,
}

/// The meaning of a document's name.
pub(crate) enum Mode {
    /// Names are not supported.
    Off,
    /// A document in the cache.
    Automatic,
    /// A registered document. No other document is executed.
    Only(Registered),
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Hash, Arc<Document>> for Bytes {
    fn weight(&self, _: &Hash, document: &Arc<Document>) -> u64 {
        document.bytes
    }
}

/// The memory of an average document, by which the cache estimates its number of items.
const COMMON: u64 = 8192;

impl DocumentCache {
    /// A cache of up to `bytes` of memory.
    pub(crate) fn new(mode: Mode, bytes: u64) -> Result<Self, Error> {
        let options = OptionsBuilder::new()
            // A shard is a part of the memory, and must have room for the largest documents.
            .shards(2)
            .weight_capacity(bytes)
            .estimated_items_capacity(usize::try_from(bytes / COMMON).unwrap_or(usize::MAX))
            .build()
            .or_internal()?;
        let (hashing, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Ok(Self { mode, remembered: Cache::with_options(options, Bytes, hashing, lifecycle) })
    }

    /// Whether the operator registered all documents that are executed.
    pub(crate) fn is_registry(&self) -> bool {
        matches!(self.mode, Mode::Only(_))
    }

    /// The document of a request with this text, which may be empty, and this name.
    ///
    /// # Errors
    /// The name is not known or does not match the text, or the document is not registered where only registered ones
    /// are executed.
    pub(crate) fn find(&self, text: &str, name: Option<&Named>) -> Result<Found, ServerError> {
        match &self.mode {
            Mode::Only(registered) => registered.find(text, name).map(Found::Known),
            Mode::Off if text.is_empty() && name.is_some() => Err(refused(Code::PersistedQueryNotSupported)),
            Mode::Automatic if text.is_empty() && name.is_some() => {
                let hash = name.and_then(Named::hash);
                let known = hash.and_then(|hash| self.remembered.get(&hash));
                known.map(Found::Known).ok_or_else(|| refused(Code::PersistedQueryNotFound))
            }
            Mode::Automatic | Mode::Off => {
                let hash = hash_of(text);
                if matches!(self.mode, Mode::Automatic) && name.is_some_and(|name| name.hash() != Some(hash)) {
                    let message = "The document's hash is not the SHA-256 of the document.".to_owned();
                    return Err(refusal(message, Pos::default(), Code::BadUserInput));
                }
                Ok(self.remembered.get(&hash).map_or(Found::New(hash), Found::Known))
            }
        }
    }

    /// Adds a valid document to the cache, unless it may contain a secret. Such a document would stay in memory and
    /// is used only once.
    pub(crate) fn remember(&self, hash: Hash, document: Arc<Document>) {
        if !document.secret {
            self.remembered.insert(hash, document);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails by panicking")]

    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn memory_is_bounded_in_bytes_whatever_the_documents() {
        for capacity in [0, 10_000, 1_000_000] {
            let known = DocumentCache::new(Mode::Automatic, capacity).expect("a memory");
            for number in 0..2000_u64 {
                let text = format!("{{ a{number} }}");
                let parsed = parse_query(&text).expect("a document");
                let (text, bytes) = (text.into_boxed_str(), 1000 + number * 10);
                let hash = hash_of(&text);
                let document = Document {
                    text,
                    parsed,
                    prepared: None,
                    weight: None,
                    uses: 0,
                    introspects: false,
                    secret: false,
                    bytes,
                };
                known.remember(hash, Arc::new(document));
                assert!(known.remembered.weight() <= capacity);
            }
        }
    }
}
