//! The way to PostgreSQL: addresses, TLS, the pool with its time limits, migrations, and the private server of `cargo run`.

mod causes;
pub mod embedded;
mod error;
pub mod migrations;
pub(crate) mod notifications;
mod pool;
mod pooled;
mod probe;
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
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::time::timeout_at;

pub(crate) use error::violated_constraint;
pub use statement::{Declared, Value};
pub(crate) use statement::{parameters, row, statement};
pub use target::{BadUrl, Target};

use self::pool::Pool;
use crate::clock::moment;
use crate::error::Error;

#[declare_sql_function]
extern "SQL" {
    /// A setting, as it is here and now.
    fn current_setting(name: Text) -> Text;
}

/// One connection, as the stores take it.
pub type Connection = AsyncPgConnection;

/// What the statements are written for, whatever the database's default is: each sees what was committed before it began, also
/// after it waited for a lock.
const ISOLATION: &str = "SET default_transaction_isolation = 'read committed'";

/// Of a database that answers, and in which nobody can sign in.
const READ_ONLY: &str = "it takes no changes: it is a standby, or default_transaction_read_only is on";

/// The database as requests use it. Every use of a connection is bounded in time.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    timeout: Duration,
    /// How each use begins, where each is one transaction.
    begin: Option<Arc<str>>,
    /// Whether the operator was told that it takes no changes.
    read_only: Arc<AtomicBool>,
}

impl Database {
    /// At most `size` connections to `target`, none of which is opened yet. `timeout` bounds the wait for a connection and the
    /// work on it together.
    #[must_use]
    pub fn new(target: Target, size: usize, timeout: Duration) -> Self {
        let pooled = target.is_pooled();
        // A statement that we no longer wait for must not go on in the server, holding locks and a connection. Through a pooler
        // the next transaction may be somebody else's, and each says this for itself.
        let limits = format!(
            "{ISOLATION}; SET statement_timeout = {0}; SET idle_in_transaction_session_timeout = {0}",
            timeout.as_millis()
        );
        let pool = Pool::new(target, (!pooled).then_some(limits), size, timeout);
        let begin = pooled.then(|| pooled::begin(Some(timeout)).into());
        Self { pool, timeout, begin, read_only: Arc::default() }
    }

    /// How many callers wait for a connection now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pool.waiting()
    }

    /// Does `work` on a connection.
    ///
    /// Through a pooler ([`Target::is_pooled`]) the work is one transaction, undone if it errs. So work that goes on after a
    /// statement of its own failed, and wants to keep anything, puts that statement in a transaction of its own: a savepoint.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection is to be had, or the work is not done, within the time limit. What the
    /// work changed may then have been committed or not. [`Error::ReadOnly`] when the database refused to change anything. A
    /// connection that failed so is closed, never used again.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: AsyncFnOnce(&mut Connection) -> Result<T, Error>,
    {
        let deadline = moment() + self.timeout;
        let mut lent = self.pool.get(deadline).await?;
        let connection = lent.begin_work()?;
        let outcome = match &self.begin {
            Some(begin) => timeout_at(deadline, pooled::in_transaction(connection, begin, work)).await,
            None => timeout_at(deadline, work(connection)).await,
        };
        let late = |_| Err(Error::unavailable(format!("the database did not answer within {:?}", self.timeout)));
        let outcome = outcome.unwrap_or_else(late);
        // A caller who is gone never comes here.
        lent.end_work();
        match &outcome {
            Err(Error::ReadOnly(why)) => {
                lent.close();
                self.tell_read_only(&why.to_string());
                // After a failover the old connections lead to what is a standby now.
                self.pool.retire();
            }
            Err(Error::Unavailable(_) | Error::Internal(_)) => lent.close(),
            Ok(_) | Err(Error::Unauthenticated(_) | Error::Busy { .. }) => {}
        }
        outcome
    }

    /// Whether the database answers now, and takes changes: a standby does not, nor does a session that a setting keeps from it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer, [`Error::ReadOnly`] when it takes no changes.
    pub async fn ping(&self) -> Result<(), Error> {
        self.run(async |connection| {
            let setting: String =
                diesel::select(current_setting("transaction_read_only")).get_result(connection).await?;
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

    /// Once, until [`ping`](Self::ping) finds that it is over.
    fn tell_read_only(&self, why: &str) {
        if !self.read_only.swap(true, Ordering::AcqRel) {
            tracing::warn!(why, "the database is read-only: nobody can sign in until it takes changes again");
        }
    }
}
