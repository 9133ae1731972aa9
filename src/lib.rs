//! Portcullis is an authentication server for applications: one binary and PostgreSQL, spoken to in GraphQL. This crate is
//! the server. It is also a library, with which an application has the server in its own process.
//!
//! [`Portcullis`] is a running instance. An application nests its routes, executes operations in it, and asks it who sent
//! a request. By a [`Builder`] it adds fields of its own to the schema.
//!
//! ```no_run
//! use async_graphql::{Context, Object, Result};
//! use poem::Route;
//! use portcullis::{Config, Portcullis, Sender};
//!
//! struct Greetings;
//!
//! #[Object]
//! impl Greetings {
//!     /// A field of `Query`, beside `me`. The directive guards it.
//!     #[graphql(directive = portcullis::auth::apply())]
//!     async fn greeting(&self, ctx: &Context<'_>) -> Result<Option<String>> {
//!         Ok(Some(format!("Hello, {}.", portcullis::caller(ctx).await?.email())))
//!     }
//! }
//!
//! # async fn run(listener: tokio::net::TcpListener, token: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let portcullis = Portcullis::builder(Config::from_env()?).query(Greetings).start().await?;
//! let response = portcullis.execute("{ greeting }", &Sender::with_token(token)).await;
//! let app = Route::new().nest("/auth", portcullis.routes());
//! portcullis.serve_app(app, listener, async { _ = tokio::signal::ctrl_c().await }).await?;
//! portcullis.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! `docs/embedding.md` has what there is to know beside it, and `examples/embed.rs` a whole application. The names on this
//! page are the interface. The modules that the page does not show are public for the server's own binary, its tests and
//! its benches alone, and may change with every version.
//!
//! `docs/architecture.md` is the map of the modules, and says which may know which.

#![forbid(unsafe_code)]

#[doc(hidden)]
pub mod accounts;
#[doc(hidden)]
pub mod app;
mod audit;
#[doc(hidden)]
pub mod background;
#[doc(hidden)]
pub mod client;
#[doc(hidden)]
pub mod clock;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod db;
#[doc(hidden)]
pub mod error;
mod flows;
#[doc(hidden)]
pub mod graphql;
#[doc(hidden)]
pub mod http;
#[doc(hidden)]
pub mod ids;
#[doc(hidden)]
pub mod instance;
mod limits;
#[doc(hidden)]
pub mod mail;
mod metrics;
mod passkeys;
#[doc(hidden)]
pub mod passwords;
mod recovery_codes;
mod revocations;
mod sealing;
mod sessions;
#[doc(hidden)]
pub mod telemetry;
#[doc(hidden)]
pub mod tokens;
mod totp;
mod traces;
mod trusted_devices;
#[doc(hidden)]
pub mod use_cases;

#[doc(inline)]
pub use app::SignedIn as Caller;
#[doc(inline)]
pub use config::{BadSettings, Config};
#[doc(inline)]
pub use error::Reason;
/// The directive of a field that only a signed-in caller may call: `#[graphql(directive = portcullis::auth::apply())]`.
/// Others get the error `UNAUTHENTICATED`.
#[doc(inline)]
pub use graphql::guard::auth;
/// The directive of a field that only a caller may call who has proved in the last ten minutes who they are:
/// `#[graphql(directive = portcullis::auth_fresh::apply())]`. Others get the error `UNAUTHENTICATED` with the reason
/// `REAUTHENTICATION_REQUIRED`, and become fresh by the mutation `reauthenticate`.
#[doc(inline)]
pub use graphql::guard::auth_fresh;
#[doc(inline)]
pub use graphql::guard::caller;
/// The directive of a field that anyone may call: `#[graphql(directive = portcullis::public::apply())]`.
#[doc(inline)]
pub use graphql::guard::public;
#[doc(inline)]
pub use instance::{Builder, NoFields, NotSignedIn, Portcullis, Sender, StartError};
// The crates whose types an application passes in and gets, in the versions that fit.
pub use {async_graphql, poem};
