//! The way to PostgreSQL: addresses, TLS, the pool with its time limits, migrations, and the private server of `cargo run`.

pub mod embedded;
mod error;
pub mod migrations;
#[allow(missing_docs, unreachable_pub, reason = "generated")]
pub(crate) mod schema;
mod target;
mod tls;

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Object, Timeouts};
use diesel::IntoSql;
use diesel::sql_types::Integer;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;

pub(crate) use error::violated_constraint;
pub use target::{BadUrl, Target};

use crate::error::Error;

/// One connection, as the stores take it.
pub type Connection = AsyncPgConnection;

/// The pool of connections. Every use of one is bounded in time.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Connection>,
    timeout: Duration,
}

impl Database {
    /// A pool of at most `size` connections to `target`, none of which is opened yet. `timeout` bounds the wait for a
    /// connection, and then the work on it.
    ///
    /// # Errors
    /// None in practice: only a pool without a runtime cannot be built.
    pub fn new(target: Target, size: usize, timeout: Duration) -> Result<Self, Error> {
        let mut config = ManagerConfig::<Connection>::default();
        // A closed connection is noticed without a query; the default pays one per checkout.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |_| {
            let target = target.clone();
            async move { target.connect().await }.boxed()
        });
        let pool = Pool::builder(AsyncDieselConnectionManager::new_with_config("", config))
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts { wait: Some(timeout), create: Some(timeout), recycle: Some(timeout) })
            .build()
            .map_err(Error::internal)?;
        Ok(Self { pool, timeout })
    }

    /// Does `work` on a connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection is to be had, or the work is not done, within the time limit. What the
    /// work changed may then have been committed or not. A connection that failed so is closed, never used again.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: AsyncFnOnce(&mut Connection) -> Result<T, Error>,
    {
        let mut connection =
            self.pool.get().await.map_err(|error| Error::Unavailable(format!("no database connection: {error}")))?;
        let outcome = tokio::time::timeout(self.timeout, work(&mut connection))
            .await
            .unwrap_or_else(|_| Err(Error::Unavailable("the database did not answer in time".into())));
        if matches!(outcome, Err(Error::Unavailable(_) | Error::Internal(_))) {
            drop(Object::take(connection));
        }
        outcome
    }

    /// Whether the database answers now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.run(async |connection| {
            diesel::select(1.into_sql::<Integer>()).execute(connection).await?;
            Ok(())
        })
        .await
    }
}
