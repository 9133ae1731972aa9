//! Portcullis: an authentication server for applications. One binary and PostgreSQL, spoken to in GraphQL.
//!
//! A request goes downward, an error comes up once:
//!
//! | layer | modules | knows |
//! | --- | --- | --- |
//! | embedding | [`instance`] | everything below: starts it, and hands it to the binary or to an application |
//! | transports | [`http`], [`graphql`] | HTTP and GraphQL, no rules |
//! | use cases | [`use_cases`] | one file each: the order of things, its transaction |
//! | tasks | [`background`] | which use cases run by themselves, and when |
//! | the parts | [`app`] | all below, put together once |
//! | nouns | [`accounts`], [`sessions`], [`revocations`], [`tokens`], [`passwords`], [`limits`], [`audit`] | their own rules; their queries, in `store` |
//! | ground | [`db`], [`ids`], [`client`], [`clock`], [`error`], [`config`], [`telemetry`] | the world outside |

#![forbid(unsafe_code)]

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
pub mod instance;
pub mod limits;
pub mod passwords;
pub mod revocations;
pub mod sessions;
pub mod telemetry;
pub mod tokens;
pub mod use_cases;

pub use app::SignedIn as Caller;
pub use config::{BadSettings, Config};
pub use error::Reason;
pub use graphql::guard::{auth, caller, public};
pub use instance::{Builder, NoFields, NotSignedIn, Portcullis, Sender, StartError};
// What an application implements and calls, in the versions that fit.
pub use {async_graphql, poem};
