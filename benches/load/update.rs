//! The statement at the heart of a refresh, and nothing around it: no server, no token, no limits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::runtime::{Builder, Handle, Runtime};
use uuid::Uuid;

use crate::support::Outcome;
use crate::support::client::Answer;
use crate::support::processors::Processors;

/// The statement for this session, which is prepared once a connection, as the server's are.
#[derive(QueryId)]
struct Update(Uuid);

impl Query for Update {
    type SqlType = (SqlUuid, BigInt);
}

impl QueryFragment<Pg> for Update {
    fn walk_ast<'b>(&'b self, mut statement: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        statement
            .push_sql("UPDATE sessions SET refresh_counter = refresh_counter + 1, last_used_at = now() WHERE id = ");
        statement.push_bind_param::<SqlUuid, _>(&self.0)?;
        statement.push_sql(" RETURNING id, refresh_counter");
        Ok(())
    }
}

/// One of those that share a pool.
pub(crate) struct Updater {
    pool: Pool<AsyncPgConnection>,
    /// In turn.
    sessions: Vec<Uuid>,
}

/// The connections to the database, as the server has them: as many, and nothing asked of one before it is used.
pub(crate) fn pool(url: &str, size: usize) -> Outcome<Pool<AsyncPgConnection>> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    let manager = AsyncDieselConnectionManager::new_with_config(url, config);
    Ok(Pool::builder(manager).max_size(size).build()?)
}

impl Updater {
    pub(crate) fn new(pool: Pool<AsyncPgConnection>, sessions: Vec<Uuid>) -> Self {
        Self { pool, sessions }
    }

    /// `load`, and not `get_result`, which returns before PostgreSQL has committed.
    #[expect(clippy::disallowed_methods, reason = "it is to be diesel-async alone")]
    pub(crate) async fn ask(&mut self) -> Outcome<Answer> {
        let session = self.sessions[0];
        self.sessions.rotate_left(1);
        let mut connection = self.pool.get().await?;
        let rows: Vec<(Uuid, i64)> = Update(session).load(&mut connection).await?;
        match rows.as_slice() {
            [(id, counter)] if *id == session && *counter > 1 => Ok(Answer::Same),
            rows => Ok(Answer::Wrong(format!("{} rows", rows.len()))),
        }
    }
}

/// Where the updaters run: on the processors on which the server would.
pub(crate) struct Driver {
    runtime: Option<Runtime>,
    /// The kernel's numbers of its threads.
    pub(crate) threads: Arc<Mutex<Vec<i32>>>,
}

impl Driver {
    pub(crate) fn start(processors: &Processors) -> Outcome<Self> {
        let threads = Arc::<Mutex<Vec<i32>>>::default();
        let (held, known) = (processors.clone(), threads.clone());
        let runtime = Builder::new_multi_thread()
            .worker_threads(processors.numbers().len())
            .enable_all()
            .on_thread_start(move || match held.hold() {
                Ok(()) => {
                    known.lock().unwrap_or_else(PoisonError::into_inner).push(rustix::thread::gettid().as_raw_pid())
                }
                Err(error) => eprintln!("load: {error}"),
            })
            .build()?;
        Ok(Self { runtime: Some(runtime), threads })
    }

    pub(crate) fn handle(&self) -> Option<Handle> {
        self.runtime.as_ref().map(|runtime| runtime.handle().clone())
    }
}

impl Drop for Driver {
    /// It may be dropped where blocking is not allowed.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::ZERO);
        }
    }
}
