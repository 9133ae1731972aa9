//! Running statements and queries.

use std::any::type_name;

use diesel::QueryResult;
use diesel::result::Error as DieselError;
use diesel_async::RunQueryDsl;
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tracing::{Instrument, Span};

use super::Connection;
use crate::traces;

/// Takes the place of diesel's `RunQueryDsl`. Each way of running is a span of the request's trace, and is over when PostgreSQL has
/// committed, unless it is a part of a transaction. diesel's `get_result` and `first` return as soon as the row is there, which
/// PostgreSQL sends before: what they return may still be lost.
pub(crate) trait Run: RunQueryDsl<Connection> + Sized {
    /// The first row.
    ///
    /// # Errors
    /// Those of the query and of its commit, and `NotFound` when there is no row.
    fn one_row<'connection, 'query, U>(
        self,
        connection: &'connection mut Connection,
    ) -> BoxFuture<'connection, QueryResult<U>>
    where
        Self: LoadQuery<'query, Connection, U> + 'query,
        U: Send + 'connection,
        'query: 'connection,
    {
        self.all_rows(connection).map(|rows| rows?.into_iter().next().ok_or(DieselError::NotFound)).boxed()
    }

    /// All rows.
    ///
    /// # Errors
    /// Those of the query and of its commit.
    #[expect(clippy::disallowed_methods, reason = "it is this trait that takes its place")]
    fn all_rows<'connection, 'query, U>(
        self,
        connection: &'connection mut Connection,
    ) -> BoxFuture<'connection, QueryResult<Vec<U>>>
    where
        Self: LoadQuery<'query, Connection, U> + 'query,
        U: Send + 'connection,
        'query: 'connection,
    {
        self.load(connection).instrument(span::<Self>()).boxed()
    }

    /// The number of rows that were changed, or returned.
    ///
    /// # Errors
    /// Those of the statement and of its commit.
    #[expect(clippy::disallowed_methods, reason = "it is this trait that takes its place")]
    fn run<'connection, 'query>(
        self,
        connection: &'connection mut Connection,
    ) -> BoxFuture<'connection, QueryResult<usize>>
    where
        Self: ExecuteDsl<Connection> + 'query,
        'query: 'connection,
    {
        self.execute(connection).instrument(span::<Self>()).boxed()
    }
}

impl<Q: RunQueryDsl<Connection>> Run for Q {}

/// The span of a statement, named by its type: `sessions::store::open::Opening`. A query that diesel builds has only its kind.
fn span<Q>() -> Span {
    let (path, _) = type_name::<Q>().split_once('<').unwrap_or((type_name::<Q>(), ""));
    let own = path.strip_prefix(concat!(env!("CARGO_CRATE_NAME"), "::"));
    traces::statement(own.unwrap_or_else(|| path.rsplit("::").next().unwrap_or(path)))
}
