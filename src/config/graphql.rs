//! Settings of GraphQL: what operations may ask for.

use clap::Args;

use super::Environment;
use super::check::Check;

/// As they are given.
#[derive(Args, Clone)]
pub struct GraphqlSettings {
    /// The GraphiQL page at /: on or off [default: on in development, off in production].
    #[arg(long, global = true, env = "PORTCULLIS_GRAPHIQL", value_name = "on|off")]
    pub graphiql: Option<String>,

    /// Whether clients may ask for the schema: on or off [default: on in development, off in production].
    #[arg(long, global = true, env = "PORTCULLIS_INTROSPECTION", value_name = "on|off")]
    pub introspection: Option<String>,

    /// Largest request body, in bytes: 1024 to 16777216.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_BODY_BYTES", default_value = "65536", value_name = "BYTES")]
    pub max_body_bytes: String,
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
}

impl GraphqlSettings {
    pub(super) fn check(&self, environment: Environment, check: &mut Check) -> Graphql {
        let explore = environment.is_development();
        Graphql {
            graphiql: check.switch("PORTCULLIS_GRAPHIQL", self.graphiql.as_deref(), explore),
            introspection: check.switch("PORTCULLIS_INTROSPECTION", self.introspection.as_deref(), explore),
            max_body_bytes: check.number("PORTCULLIS_MAX_BODY_BYTES", &self.max_body_bytes, 65_536, 1024..=16_777_216),
        }
    }
}
