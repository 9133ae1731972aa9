//! The statement at the heart of a refresh, and nothing around it: no server, no token, no limits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::runtime::{Builder, Handle, Runtime};
use uuid::Uuid;

use crate::support::Outcome;
use crate::support::client::Answer;
use crate::support::processors::Processors;

const UPDATE: &str = "UPDATE sessions SET refresh_counter = refresh_counter + 1, last_used_at = now() \
    WHERE id = $1 RETURNING id, refresh_counter";

/// One of those that share a pool.
pub(crate) struct Updater {
    pool: Pool<AsyncPgConnection>,
    /// In turn.
    sessions: Vec<Uuid>,
}

#[derive(QueryableByName)]
struct Updated {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    refresh_counter: i64,
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
        let rows: Vec<Updated> = sql_query(UPDATE).bind::<SqlUuid, _>(session).load(&mut connection).await?;
        match rows.as_slice() {
            [row] if row.id == session && row.refresh_counter > 1 => Ok(Answer::Same),
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
