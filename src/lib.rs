//! Portcullis: an authentication server for applications. One binary and PostgreSQL, spoken to in GraphQL.
//!
//! A request goes downward, an error comes up once:
//!
//! | layer | modules | knows |
//! | --- | --- | --- |
//! | transports | [`http`], [`graphql`] | HTTP and GraphQL, no rules |
//! | use cases | [`use_cases`] | one file each: the order of things, its transaction |
//! | tasks | [`background`] | which use cases run by themselves, and when |
//! | the parts | [`app`] | all below, put together once |
//! | nouns | [`accounts`], [`sessions`], [`revocations`], [`tokens`], [`passwords`], [`limits`], [`audit`] | their own rules; their queries, in `store` |
//! | ground | [`db`], [`ids`], [`client`], [`clock`], [`error`], [`config`], [`telemetry`] | the world outside |

#![forbid(unsafe_code)]
// The optimiser lays out the futures of a mutation, with all that they wait for, as one type.
#![recursion_limit = "256"]

pub mod accounts;
pub mod app;
pub mod audit;
pub mod background;
pub mod client;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod graphql;
pub mod http;
pub mod ids;
pub mod limits;
pub mod passwords;
pub mod revocations;
pub mod sessions;
pub mod telemetry;
pub mod tokens;
pub mod use_cases;
