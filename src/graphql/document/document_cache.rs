//! Documents that are known already: registered by the operator, or remembered since a client sent them.

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
    /// One that needs not be parsed or measured any more.
    Known(Arc<Document>),
    /// The text is to be read; then, if it is sound, [`DocumentCache::remember`] it under this.
    New(Hash),
}

/// The documents that one instance knows.
pub(crate) struct DocumentCache {
    mode: Mode,
    /// By the hash of their text, bounded in bytes. Whoever floods it pays for each document with a request that is valid,
    /// and what others use goes on being found: the cache keeps what is asked for again.
    remembered: Cache<Hash, Arc<Document>, Bytes>,
}

/// What a name may stand for.
pub(crate) enum Mode {
    /// Nothing.
    Off,
    /// What is remembered.
    Automatic,
    /// What is registered, and no other document is answered.
    Only(Registered),
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Hash, Arc<Document>> for Bytes {
    fn weight(&self, _: &Hash, document: &Arc<Document>) -> u64 {
        document.bytes
    }
}

/// Memory of a common document: for the cache to find its measure.
const COMMON: u64 = 8192;

impl DocumentCache {
    /// Remembers documents in up to `bytes` of memory.
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

    /// The document of a request with this text, which may be empty, and this name.
    ///
    /// # Errors
    /// Nobody knows the name, it is not the text's, or the document is not among those that are answered.
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

    /// Remembers a document that was found sound, unless it may have a secret in it: that would stay in memory, and is of
    /// use once.
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
