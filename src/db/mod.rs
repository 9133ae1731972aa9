//! PostgreSQL: addresses, TLS, the pool with its time limits, migrations, and the private server of `cargo run`.

mod causes;
pub mod embedded;
mod error;
mod failures;
pub mod migrations;
pub(crate) mod notifications;
mod pool;
mod pooled;
mod probe;
mod run;
#[allow(missing_docs, unreachable_pub, reason = "generated")]
pub(crate) mod schema;
pub(crate) mod statement;
mod suitability;
mod target;
mod tls;
mod unopened;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::declare_sql_function;
use diesel::sql_types::Text;
use diesel_async::AsyncPgConnection;
use tokio::time::timeout_at;

pub(crate) use error::violated_constraint;
pub(crate) use pool::Connections;
pub(crate) use run::Run;
pub use statement::{Declared, Value};
pub(crate) use statement::{parameters, row, statement};
pub use target::{BadUrl, Target};

use self::failures::{Failure, Failures};
use self::pool::Pool;
use crate::clock::moment;
use crate::error::Error;

#[declare_sql_function]
extern "SQL" {
    /// The current value of a setting.
    fn current_setting(name: Text) -> Text;
}

/// A connection, as the stores take it.
pub type Connection = AsyncPgConnection;

/// The isolation level that the statements are written for, whatever the database's default is: each statement sees
/// what was committed before it began, or before it got a lock that it waited for.
const ISOLATION: &str = "SET default_transaction_isolation = 'read committed'";

/// The text of the error when the database answers but is read-only, so that nobody can sign in.
const READ_ONLY: &str = "it takes no changes: it is a standby, or default_transaction_read_only is on";

/// The database as requests use it. Every use of a connection is bounded in time.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    timeout: Duration,
    /// The statement that begins each use, if each is one transaction.
    begin: Option<Arc<str>>,
    /// Whether it was logged that the database takes no changes.
    read_only: Arc<AtomicBool>,
    failures: Arc<Failures>,
}

impl Database {
    /// At most `size` connections to `target`, none of which is opened yet. `timeout` bounds the wait for a connection and the
    /// work on it together.
    #[must_use]
    pub fn new(target: Target, size: usize, timeout: Duration) -> Self {
        let pooled = target.is_pooled();
        // A statement that nobody waits for any more must not go on in the server and hold locks and a connection.
        // Through a pooler the next transaction may be somebody else's, so each transaction sets these limits itself.
        let limits = format!(
            "{ISOLATION}; SET statement_timeout = {0}; SET idle_in_transaction_session_timeout = {0}",
            timeout.as_millis()
        );
        let pool = Pool::new(target, (!pooled).then_some(limits), size, timeout);
        let begin = pooled.then(|| pooled::begin(Some(timeout)).into());
        Self { pool, timeout, begin, read_only: Arc::default(), failures: Arc::default() }
    }

    /// Closes all connections, and opens no more, before the database itself is stopped.
    pub(crate) fn close(&self) {
        self.pool.close();
    }

    /// How many callers wait for a connection now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pool.waiting()
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> Connections {
        self.pool.connections()
    }

    /// How many uses of a connection ended without an answer, by what kept it away.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.failures.all()
    }

    /// Does `work` on a connection.
    ///
    /// Through a pooler ([`Target::is_pooled`]) the work is one transaction, which is rolled back if it fails. Work
    /// that goes on after a statement has failed, and wants to keep anything, runs that statement in a transaction of
    /// its own, which is a savepoint then.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is no connection, or the work is not done, within the time limit. What the
    /// work changed may then have been committed or not. [`Error::ReadOnly`] when the database refused to change
    /// anything. A connection with such an error is closed and never used again.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: AsyncFnOnce(&mut Connection) -> Result<T, Error>,
    {
        let deadline = moment() + self.timeout;
        let mut lent = self.pool.get(deadline).await.map_err(|(failure, error)| {
            self.failures.count(failure);
            error
        })?;
        let connection = lent.begin_work()?;
        let outcome = match &self.begin {
            Some(begin) => timeout_at(deadline, pooled::in_transaction(connection, begin, work)).await,
            None => timeout_at(deadline, work(connection)).await,
        };
        let late = |_| {
            self.failures.count(Failure::Timeout);
            Err(Error::unavailable(format!("the database did not answer within {:?}", self.timeout)))
        };
        if let Ok(Err(error)) = &outcome {
            self.failures.count_error(error, moment() >= deadline);
        }
        let outcome = outcome.unwrap_or_else(late);
        // This is not reached if the caller has gone away.
        lent.end_work();
        match &outcome {
            Err(Error::ReadOnly(why)) => {
                lent.close();
                self.tell_read_only(&why.to_string());
                // After a failover the old connections lead to a server that is a standby now.
                self.pool.retire();
            }
            Err(Error::Unavailable(_) | Error::Internal(_)) => lent.close(),
            Ok(_) | Err(Error::Unauthenticated(_) | Error::Busy { .. } | Error::Disabled(_)) => {}
        }
        outcome
    }

    /// Checks that the database answers and takes changes. A standby does not, nor does a session that a setting
    /// makes read-only.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer, [`Error::ReadOnly`] when it takes no changes.
    pub async fn ping(&self) -> Result<(), Error> {
        self.run(async |connection| {
            let setting: String = diesel::select(current_setting("transaction_read_only")).one_row(connection).await?;
            match setting.as_str() {
                "off" => Ok(()),
                _ => Err(Error::read_only(READ_ONLY)),
            }
        })
        .await?;
        if self.read_only.swap(false, Ordering::AcqRel) {
            tracing::info!("the database takes changes again");
        }
        Ok(())
    }

    /// Logs this once, until [`ping`](Self::ping) finds that it is over.
    fn tell_read_only(&self, why: &str) {
        if !self.read_only.swap(true, Ordering::AcqRel) {
            tracing::warn!(why, "the database is read-only: nobody can sign in until it takes changes again");
        }
    }
}
