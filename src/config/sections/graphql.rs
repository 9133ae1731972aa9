//! Settings of GraphQL: what operations may ask for.

use clap::Args;

use super::bounds::{BoundSettings, Bounds};
use super::persisted::{PersistedQueries, PersistedSettings};
use crate::config::Environment;
use crate::config::faults::Check;
use crate::config::form::{Given, measure, switch};

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "GraphQL")]
pub(in crate::config) struct GraphqlSettings {
    /// Whether the GraphiQL page is served at / [default: on in development, off in production, and off when only registered
    /// documents are answered].
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_GRAPHIQL",
        value_name = "SWITCH",
        value_parser = switch()
    )]
    pub(in crate::config) graphiql: Option<Given<bool>>,

    /// Whether clients may ask for the schema [default: on in development, off in production].
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_INTROSPECTION",
        value_name = "SWITCH",
        value_parser = switch()
    )]
    pub(in crate::config) introspection: Option<Given<bool>>,

    /// How large a request body, and the query string of a GET, may be, in bytes. A query string has to fit into
    /// PORTCULLIS_MAX_HEADER_BYTES as well.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_BODY_BYTES",
        default_value = "65536",
        value_name = "BYTES",
        value_parser = measure("bytes", 1024usize, 16_777_216)
    )]
    pub(in crate::config) max_body_bytes: Given<usize>,

    /// What a document may ask for at once.
    #[command(flatten)]
    pub(in crate::config) bounds: BoundSettings,

    /// What is known or remembered of documents.
    #[command(flatten)]
    pub(in crate::config) persisted: PersistedSettings,
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
    pub(in crate::config) fn check(&self, environment: Environment, check: &mut Check) -> Graphql {
        let explore = environment.is_development();
        let (persisted, document_cache_bytes) = self.persisted.check(check);
        let only = matches!(persisted, PersistedQueries::Only(_));
        let graphiql = check.optional(self.graphiql.as_ref());
        if graphiql == Some(true) && only {
            let why = "PORTCULLIS_PERSISTED_QUERIES=only answers nothing that is typed there";
            check.fault("PORTCULLIS_GRAPHIQL", why, ());
        }
        Graphql {
            graphiql: graphiql.unwrap_or(explore && !only),
            introspection: check.optional(self.introspection.as_ref()).unwrap_or(explore),
            max_body_bytes: check.take(&self.max_body_bytes),
            bounds: self.bounds.check(check),
            persisted,
            document_cache_bytes,
        }
    }
}
