//! The name of a document, which a request sends in place of the text or together with it.

use async_graphql::ServerError;
use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

use crate::graphql::error::Code;

/// The SHA-256 of a document's text. No two documents share one.
pub(super) type Hash = [u8; SHA256_OUTPUT_LEN];

/// The name of a document in a request.
pub(crate) struct Named(pub(crate) String);

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

/// The error for a name that is not known. Apollo's clients recognise the first two by their messages.
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
