//! Settings of what one document may ask for at once.

use std::time::Duration;

use clap::Args;

use super::check::Check;

/// As they are given.
#[derive(Args, Clone)]
pub struct BoundSettings {
    /// Most tokens of a document, counted before it is parsed, and most values in its variables: 100 to 100000.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_TOKENS", default_value = "2000", value_name = "NUMBER")]
    pub max_tokens: String,

    /// Deepest nesting of brackets in a document, of all kinds, counted before it is parsed: 8 to 100.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_NESTING", default_value = "64", value_name = "NUMBER")]
    pub max_nesting: String,

    /// Deepest nesting of selections, fragments counted: 4 to 60.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_DEPTH", default_value = "32", value_name = "NUMBER")]
    pub max_depth: String,

    /// Most that an operation may weigh, and most selections of a document, spreads counted with what they bring: 100 to
    /// 1000000. A selection weighs 1, a password to hash 50, a change of sessions 10; a connection multiplies what is in it
    /// by `first`. What GraphiQL asks of the schema weighs some 2000.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_COMPLEXITY", default_value = "2500", value_name = "NUMBER")]
    pub max_complexity: String,

    /// Most aliases of a document, spreads counted: 0 to 10000.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_ALIASES", default_value = "50", value_name = "NUMBER")]
    pub max_aliases: String,

    /// Most fields of Query or Mutation in an operation, spreads counted: 1 to 1000.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_ROOT_FIELDS", default_value = "20", value_name = "NUMBER")]
    pub max_root_fields: String,

    /// Most directives in one place, such as a field: 0 to 100.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_DIRECTIVES", default_value = "5", value_name = "NUMBER")]
    pub max_directives: String,

    /// Longest time in which an operation is executed: 100ms to 10m. Past it the caller gets SERVICE_UNAVAILABLE, and what
    /// has not been done by then is given up.
    #[arg(long, global = true, env = "PORTCULLIS_REQUEST_TIMEOUT", default_value = "30s", value_name = "DURATION")]
    pub request_timeout: String,
}

/// Read and found sound.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Tokens of a document.
    pub tokens: usize,
    /// Brackets within brackets.
    pub nesting: usize,
    /// Selections within selections.
    pub depth: usize,
    /// Weight of an operation, selections of a document.
    pub complexity: usize,
    /// Aliases of a document.
    pub aliases: usize,
    /// Fields of an operation's root.
    pub root_fields: usize,
    /// Directives in one place.
    pub directives: usize,
    /// Time of executing.
    pub time: Duration,
}

impl BoundSettings {
    pub(super) fn check(&self, check: &mut Check) -> Bounds {
        Bounds {
            tokens: check.number("PORTCULLIS_MAX_TOKENS", &self.max_tokens, 2000, 100..=100_000),
            nesting: check.number("PORTCULLIS_MAX_NESTING", &self.max_nesting, 64, 8..=100),
            depth: check.number("PORTCULLIS_MAX_DEPTH", &self.max_depth, 32, 4..=60),
            complexity: check.number("PORTCULLIS_MAX_COMPLEXITY", &self.max_complexity, 2500, 100..=1_000_000),
            aliases: check.number("PORTCULLIS_MAX_ALIASES", &self.max_aliases, 50, 0..=10_000),
            root_fields: check.number("PORTCULLIS_MAX_ROOT_FIELDS", &self.max_root_fields, 20, 1..=1000),
            directives: check.number("PORTCULLIS_MAX_DIRECTIVES", &self.max_directives, 5, 0..=100),
            time: check.duration(
                "PORTCULLIS_REQUEST_TIMEOUT",
                &self.request_timeout,
                "30s",
                Duration::from_millis(100)..=Duration::from_secs(600),
            ),
        }
    }
}
