//! Settings of documents that the server knows beforehand or remembers.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::config::faults::Check;
use crate::config::form::{Given, Named, choice, file_name, measure};
use crate::config::small_file::SmallFile;

/// As they are given.
#[derive(Args, Clone)]
pub(in crate::config) struct PersistedSettings {
    /// Whether a client may send a document's hash in place of the document: of none (off), of any document that was sent
    /// before (automatic), or of those in PORTCULLIS_PERSISTED_DOCUMENTS, and nothing else is answered (only).
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_PERSISTED_QUERIES",
        default_value = "automatic",
        value_name = "MODE",
        value_parser = choice::<Mode>()
    )]
    pub(in crate::config) persisted_queries: Given<Mode>,

    /// With PORTCULLIS_PERSISTED_QUERIES=only, the file of all documents that are answered: a JSON object from hash to
    /// document, as graphql-codegen's client preset writes it.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_PERSISTED_DOCUMENTS",
        value_name = "FILE",
        value_parser = file_name()
    )]
    pub(in crate::config) persisted_documents: Option<Given<PathBuf>>,

    /// How much memory documents that were parsed may take, in bytes. Those that are not used make room.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_DOCUMENT_CACHE_BYTES",
        default_value = "16777216",
        value_name = "BYTES",
        value_parser = measure("bytes", 0u64, 1_073_741_824)
    )]
    pub(in crate::config) document_cache_bytes: Given<u64>,
}

/// More than any application's documents need.
const MAX_MANIFEST_BYTES: u64 = 16 * 1024 * 1024;

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

/// How documents may be named.
#[derive(Clone, Copy)]
pub(in crate::config) enum Mode {
    Off,
    Automatic,
    Only,
}

impl Named for Mode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("automatic", Self::Automatic), ("only", Self::Only)];
}

impl PersistedSettings {
    pub(super) fn check(&self, check: &mut Check) -> (PersistedQueries, u64) {
        let file = check.optional(self.persisted_documents.as_ref());
        let persisted = match check.take(&self.persisted_queries) {
            Mode::Only => PersistedQueries::Only(manifest(file.as_deref(), check)),
            mode => {
                if file.is_some() {
                    let why = "it is read with PORTCULLIS_PERSISTED_QUERIES=only, which is not set";
                    check.fault("PORTCULLIS_PERSISTED_DOCUMENTS", why, ());
                }
                if matches!(mode, Mode::Off) { PersistedQueries::Off } else { PersistedQueries::Automatic }
            }
        };
        (persisted, check.take(&self.document_cache_bytes))
    }
}

fn manifest(file: Option<&Path>, check: &mut Check) -> Manifest {
    let read = || {
        let file = file.ok_or("it must name a file when PORTCULLIS_PERSISTED_QUERIES=only")?;
        let source =
            SmallFile::read(file.to_owned(), MAX_MANIFEST_BYTES).map_err(|why| format!("the file it names {why}"))?;
        // The words of the JSON parser would quote what it found.
        let documents: BTreeMap<_, _> = serde_json::from_str(&source.text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("the file it names is not a JSON object from hash to document: line {line}, column {column}")
        })?;
        if documents.is_empty() { Err("the file it names registers no document".to_owned()) } else { Ok(documents) }
    };
    let documents = read().unwrap_or_else(|why| check.fault("PORTCULLIS_PERSISTED_DOCUMENTS", why, BTreeMap::new()));
    Manifest(Arc::new(documents))
}
