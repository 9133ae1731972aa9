//! Settings of what one document may ask for at once.

use std::time::Duration;

use clap::Args;

use super::{MINUTE, TENTH};
use crate::config::faults::Check;
use crate::config::form::{Given, duration, number};

/// As they are given.
#[derive(Args, Clone)]
pub(in crate::config) struct BoundSettings {
    /// How many tokens a document may have, counted before it is parsed, and how many values its variables may have.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_TOKENS",
        default_value = "2000",
        value_name = "NUMBER",
        value_parser = number(100usize, 100_000)
    )]
    pub(in crate::config) max_tokens: Given<usize>,

    /// How deep brackets of all kinds may be nested in a document, counted before it is parsed.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_NESTING",
        default_value = "64",
        value_name = "NUMBER",
        value_parser = number(8usize, 100)
    )]
    pub(in crate::config) max_nesting: Given<usize>,

    /// How deep selections may be nested, fragments counted.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_DEPTH",
        default_value = "32",
        value_name = "NUMBER",
        value_parser = number(4usize, 60)
    )]
    pub(in crate::config) max_depth: Given<usize>,

    /// How much an operation may weigh, and how many selections a document may have, spreads counted with what they bring. A
    /// selection weighs 1, a password to hash 50, a change of sessions 10, and a connection multiplies what is in it by its
    /// argument first. What GraphiQL asks of the schema weighs about 2000.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_COMPLEXITY",
        default_value = "2500",
        value_name = "NUMBER",
        value_parser = number(100usize, 1_000_000)
    )]
    pub(in crate::config) max_complexity: Given<usize>,

    /// How many aliases a document may have, spreads counted.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_ALIASES",
        default_value = "50",
        value_name = "NUMBER",
        value_parser = number(0usize, 10_000)
    )]
    pub(in crate::config) max_aliases: Given<usize>,

    /// How many fields of Query or Mutation an operation may have, spreads counted.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_ROOT_FIELDS",
        default_value = "20",
        value_name = "NUMBER",
        value_parser = number(1usize, 1000)
    )]
    pub(in crate::config) max_root_fields: Given<usize>,

    /// How many directives may stand in one place, such as a field.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_DIRECTIVES",
        default_value = "5",
        value_name = "NUMBER",
        value_parser = number(0usize, 100)
    )]
    pub(in crate::config) max_directives: Given<usize>,

    /// How long an operation may be executed. Past it the caller gets SERVICE_UNAVAILABLE, and what has not been done by then
    /// is given up.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_REQUEST_TIMEOUT",
        default_value = "30s",
        value_name = "DURATION",
        value_parser = duration(TENTH, 10 * MINUTE)
    )]
    pub(in crate::config) request_timeout: Given<Duration>,
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
            tokens: check.take(&self.max_tokens),
            nesting: check.take(&self.max_nesting),
            depth: check.take(&self.max_depth),
            complexity: check.take(&self.max_complexity),
            aliases: check.take(&self.max_aliases),
            root_fields: check.take(&self.max_root_fields),
            directives: check.take(&self.max_directives),
            time: check.take(&self.request_timeout),
        }
    }
}
