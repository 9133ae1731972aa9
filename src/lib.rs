//! Portcullis: an authentication server for applications. One binary and PostgreSQL, spoken to in GraphQL.
//!
//! A request goes downward, an error comes up once:
//!
//! | layer | modules | knows |
//! | --- | --- | --- |
//! | transports | [`http`], [`graphql`] | HTTP and GraphQL, no rules |
//! | use cases | [`flows`] | one file each: the order of things, its transaction |
//! | tasks | [`background`] | which use cases run by themselves, and when |
//! | the parts | [`app`] | all below, put together once |
//! | nouns | [`accounts`], [`sessions`], [`tokens`], [`passwords`] | their own rules; their queries, in `store` |
//! | ground | [`db`], [`clock`], [`error`], [`config`], [`telemetry`] | the world outside |

#![forbid(unsafe_code)]

pub mod accounts;
pub mod app;
pub mod background;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod flows;
pub mod graphql;
pub mod http;
pub mod passwords;
pub mod sessions;
pub mod telemetry;
pub mod tokens;
