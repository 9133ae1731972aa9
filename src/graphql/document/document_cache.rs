//! Documents that are known already: registered by the operator, or remembered since a client sent them.

use std::sync::Arc;

use async_graphql::{Pos, ServerError};
use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::refusal::refusal;
use super::{Document, Registered};
use crate::error::Error;
use crate::graphql::error::Code;

/// The SHA-256 of a document's text. No two documents share one.
pub(super) type Hash = [u8; SHA256_OUTPUT_LEN];

/// What a request says its document is: the name beside its text or in place of it.
pub(crate) struct Named(pub(crate) String);

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
            .map_err(Error::internal)?;
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

impl Named {
    /// The hash in the name: 64 hexadecimal digits, by themselves (Apollo) or behind `sha256:` (GraphQL over HTTP, appendix A).
    pub(super) fn hash(&self) -> Option<Hash> {
        let digits = self.payload().as_bytes();
        let mut hash = Hash::default();
        if digits.len() != 2 * hash.len() {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().try_fold(0, |byte, digit| {
                let value = char::from(*digit).to_digit(16)?;
                Some(byte << 4 | value as u8)
            })?;
        }
        Some(hash)
    }

    /// The name without its prefix.
    pub(super) fn payload(&self) -> &str {
        self.0.strip_prefix("sha256:").unwrap_or(&self.0)
    }
}

pub(super) fn hash_of(text: &str) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

/// The answer to a name that stands for nothing. Apollo's clients know the first two by their messages.
pub(super) fn refused(code: Code) -> ServerError {
    let message = match code {
        Code::PersistedQueryNotSupported => "PersistedQueryNotSupported",
        Code::PersistedQueryNotFound => "PersistedQueryNotFound",
        _ => "This document is not registered: only registered ones are answered.",
    };
    let mut error = ServerError::new(message, None);
    code.mark(&mut error);
    error
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
