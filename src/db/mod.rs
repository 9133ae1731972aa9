//! The way to PostgreSQL: addresses, TLS, the pool with its time limits, migrations, and the private server of `cargo run`.

pub mod embedded;
mod error;
pub mod migrations;
pub(crate) mod notifications;
mod pooled;
mod probe;
#[allow(missing_docs, unreachable_pub, reason = "generated")]
pub(crate) mod schema;
mod target;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::Object;
use diesel::sql_types::Integer;
use diesel::{ConnectionError, IntoSql};
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolableConnection, RecyclingMethod,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};

pub(crate) use error::violated_constraint;
pub use target::{BadUrl, Target};

use crate::error::Error;

/// One connection, as the stores take it.
pub type Connection = AsyncPgConnection;

/// What the statements are written for, whatever the database's default is: each sees what was committed before it began, also
/// after it waited for a lock.
const ISOLATION: &str = "SET default_transaction_isolation = 'read committed'";

/// The pool of connections. Every use of one is bounded in time.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Connection>,
    timeout: Duration,
    /// How each use begins, where each is one transaction.
    begin: Option<Arc<str>>,
}

impl Database {
    /// A pool of at most `size` connections to `target`, none of which is opened yet. `timeout` bounds the wait for a
    /// connection and the work on it together.
    ///
    /// # Errors
    /// None in practice: only a pool without a runtime cannot be built.
    pub fn new(target: Target, size: usize, timeout: Duration) -> Result<Self, Error> {
        let mut config = ManagerConfig::<Connection>::default();
        // A closed connection is noticed without a query; the default pays one per checkout.
        config.recycling_method = RecyclingMethod::Fast;
        // A statement that we no longer wait for must not go on in the server, holding locks and a connection.
        let limits = format!(
            "{ISOLATION}; SET statement_timeout = {0}; SET idle_in_transaction_session_timeout = {0}",
            timeout.as_millis()
        );
        let pooled = target.is_pooled();
        config.custom_setup = Box::new(move |_| {
            let (target, limits) = (target.clone(), limits.clone());
            async move {
                let mut connection = target.connect().await?;
                // Through a pooler the next transaction may be somebody else's.
                if !pooled {
                    connection.batch_execute(&limits).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
                }
                Ok(connection)
            }
            .boxed()
        });
        let pool = Pool::builder(AsyncDieselConnectionManager::new_with_config("", config))
            .max_size(size)
            .build()
            .map_err(Error::internal)?;
        let begin = pooled.then(|| pooled::begin(Some(timeout)).into());
        Ok(Self { pool, timeout, begin })
    }

    /// Does `work` on a connection.
    ///
    /// Through a pooler ([`Target::is_pooled`]) the work is one transaction, undone if it errs. So work that goes on after a
    /// statement of its own failed, and wants to keep anything, puts that statement in a transaction of its own: a savepoint.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection is to be had, or the work is not done, within the time limit. What the
    /// work changed may then have been committed or not. A connection that failed so is closed, never used again.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: AsyncFnOnce(&mut Connection) -> Result<T, Error>,
    {
        let deadline = Instant::now() + self.timeout;
        let late = |what: &str| Error::Unavailable(format!("{what} within {:?}", self.timeout));
        let connection = timeout_at(deadline, self.pool.get())
            .await
            .map_err(|_| late("no database connection"))?
            .map_err(|error| Error::Unavailable(format!("no database connection: {error}")))?;
        let mut lent = Lent(Some(connection));
        let connection = lent.connection()?;
        let outcome = match &self.begin {
            Some(begin) => timeout_at(deadline, pooled::in_transaction(connection, begin, work)).await,
            None => timeout_at(deadline, work(connection)).await,
        };
        let outcome = outcome.unwrap_or_else(|_| Err(late("the database did not answer")));
        if matches!(outcome, Err(Error::Unavailable(_) | Error::Internal(_))) {
            lent.close();
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

/// A connection out of the pool. It goes back when this is dropped, unless a transaction is open on it, as when nobody waits
/// for the work any more: that one is closed at once, or it would hold its locks until somebody wants the connection.
struct Lent(Option<Object<AsyncDieselConnectionManager<Connection>>>);

impl Lent {
    fn connection(&mut self) -> Result<&mut Connection, Error> {
        self.0.as_deref_mut().ok_or_else(|| Error::internal("a connection was used after its end"))
    }

    fn close(&mut self) {
        drop(self.0.take().map(Object::take));
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.0.as_deref_mut().is_some_and(PoolableConnection::is_broken) {
            self.close();
        }
    }
}
