//! Settings of documents that the server knows beforehand or remembers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use clap::Args;

use super::check::{Check, given};

/// As they are given.
#[derive(Args, Clone)]
pub struct PersistedSettings {
    /// Whether a client may send a document's hash in place of the document: off, automatic (of any document that was sent
    /// before), or only (of those in PORTCULLIS_PERSISTED_DOCUMENTS, and nothing else is answered).
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_PERSISTED_QUERIES",
        default_value = "automatic",
        value_name = "off|automatic|only"
    )]
    pub persisted_queries: String,

    /// With PORTCULLIS_PERSISTED_QUERIES=only, the file of all documents that are answered: a JSON object from hash to
    /// document, as graphql-codegen's client preset writes it.
    #[arg(long, global = true, env = "PORTCULLIS_PERSISTED_DOCUMENTS", value_name = "FILE")]
    pub persisted_documents: Option<String>,

    /// Memory for documents that were parsed, in bytes: 0 to 1073741824. Those that are not used make room.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_DOCUMENT_CACHE_BYTES",
        default_value = "16777216",
        value_name = "BYTES"
    )]
    pub document_cache_bytes: String,
}

/// Read and found sound.
#[derive(Clone, Debug)]
pub enum PersistedQueries {
    /// Documents are sent whole.
    Off,
    /// A document that was sent before may be named by its hash.
    Automatic,
    /// Only these are answered.
    Only(Manifest),
}

/// Documents by the names that clients know them by.
#[derive(Clone)]
pub struct Manifest(pub Arc<BTreeMap<String, String>>);

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} documents", self.0.len())
    }
}

impl PersistedSettings {
    pub(super) fn check(&self, check: &mut Check) -> (PersistedQueries, u64) {
        let file = given(self.persisted_documents.as_ref());
        let mode = match self.persisted_queries.trim() {
            "" | "automatic" => PersistedQueries::Automatic,
            "off" => PersistedQueries::Off,
            "only" => return (PersistedQueries::Only(manifest(file, check)), self.bytes(check)),
            _ => {
                let why = "it is off, automatic or only";
                check.fault("PORTCULLIS_PERSISTED_QUERIES", why, PersistedQueries::Off)
            }
        };
        if file.is_some() {
            let why = "it is read with PORTCULLIS_PERSISTED_QUERIES=only, which is not set";
            check.fault("PORTCULLIS_PERSISTED_DOCUMENTS", why, ());
        }
        (mode, self.bytes(check))
    }

    fn bytes(&self, check: &mut Check) -> u64 {
        let name = "PORTCULLIS_DOCUMENT_CACHE_BYTES";
        check.number(name, &self.document_cache_bytes, 16_777_216, 0..=1_073_741_824)
    }
}

fn manifest(file: Option<&str>, check: &mut Check) -> Manifest {
    let read = || {
        let file = file.ok_or("it must name a file when PORTCULLIS_PERSISTED_QUERIES=only")?;
        let text = std::fs::read_to_string(file).map_err(|error| format!("{file} can't be read: {error}"))?;
        let documents: BTreeMap<_, _> = serde_json::from_str(&text)
            .map_err(|error| format!("{file} is not a JSON object from hash to document: {error}"))?;
        if documents.is_empty() { Err(format!("{file} registers no document")) } else { Ok(documents) }
    };
    let documents = read().unwrap_or_else(|why| check.fault("PORTCULLIS_PERSISTED_DOCUMENTS", why, BTreeMap::new()));
    Manifest(Arc::new(documents))
}
