//! Settings of GraphQL: what operations may ask for.

use clap::Args;

use super::Environment;
use super::bounds::{BoundSettings, Bounds};
use super::check::{Check, given};
use super::persisted::{PersistedQueries, PersistedSettings};

/// As they are given.
#[derive(Args, Clone)]
pub struct GraphqlSettings {
    /// The GraphiQL page at /: on or off [default: on in development, off in production, and off when only registered
    /// documents are answered].
    #[arg(long, global = true, env = "PORTCULLIS_GRAPHIQL", value_name = "on|off")]
    pub graphiql: Option<String>,

    /// Whether clients may ask for the schema: on or off [default: on in development, off in production].
    #[arg(long, global = true, env = "PORTCULLIS_INTROSPECTION", value_name = "on|off")]
    pub introspection: Option<String>,

    /// Largest request body, and largest query string of a GET, in bytes: 1024 to 16777216. A query string has to fit into
    /// PORTCULLIS_MAX_HEADER_BYTES as well.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_BODY_BYTES", default_value = "65536", value_name = "BYTES")]
    pub max_body_bytes: String,

    /// What a document may ask for at once.
    #[command(flatten)]
    pub bounds: BoundSettings,

    /// What is known or remembered of documents.
    #[command(flatten)]
    pub persisted: PersistedSettings,
}

/// Read and found sound.
#[derive(Clone, Debug)]
pub struct Graphql {
    /// Whether to serve GraphiQL.
    pub graphiql: bool,
    /// Whether to answer introspection.
    pub introspection: bool,
    /// Largest request body.
    pub max_body_bytes: usize,
    /// What a document may ask for at once.
    pub bounds: Bounds,
    /// What may be sent in a document's place.
    pub persisted: PersistedQueries,
    /// Memory for parsed documents.
    pub document_cache_bytes: u64,
}

impl GraphqlSettings {
    pub(super) fn check(&self, environment: Environment, check: &mut Check) -> Graphql {
        let explore = environment.is_development();
        let (persisted, document_cache_bytes) = self.persisted.check(check);
        let only = matches!(persisted, PersistedQueries::Only(_));
        let graphiql = check.switch("PORTCULLIS_GRAPHIQL", self.graphiql.as_deref(), explore && !only);
        if graphiql && only && given(self.graphiql.as_ref()).is_some() {
            let why = "PORTCULLIS_PERSISTED_QUERIES=only answers nothing that is typed there";
            check.fault("PORTCULLIS_GRAPHIQL", why, ());
        }
        Graphql {
            graphiql,
            introspection: check.switch("PORTCULLIS_INTROSPECTION", self.introspection.as_deref(), explore),
            max_body_bytes: check.number("PORTCULLIS_MAX_BODY_BYTES", &self.max_body_bytes, 65_536, 1024..=16_777_216),
            bounds: self.bounds.check(check),
            persisted,
            document_cache_bytes,
        }
    }
}
