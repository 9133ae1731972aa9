//! The pool of connections. Callers wait in a queue for the next free connection, in order. New connections are
//! opened independently of the queue, so that a connection that can't be opened fails no caller while others exist.

mod supply;

use std::iter::from_fn;
use std::mem::forget;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool::unmanaged::{self, Object};
use diesel_async::SimpleAsyncConnection;
use diesel_async::pooled_connection::PoolableConnection;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::supply::Supply;
use super::failures::Failure;
use super::unopened::Unopened;
use super::{Connection, Target};
use crate::clock::moment;
use crate::error::Error;

/// A connection that was not used for this time is closed.
const UNUSED: Duration = Duration::from_secs(60);

/// How often unused connections are looked for, when a connection comes back.
const SWEEP: Duration = Duration::from_secs(10);

/// The shortest time between two closings of all connections, which happen when one turned out to lead to the wrong
/// server.
const RETIREMENT: Duration = Duration::from_secs(1);

/// How long the cancellation of a statement that nobody waits for may take.
const CANCELLATION: Duration = Duration::from_secs(1);

/// Numbers of connections.
pub(crate) struct Connections {
    /// Free and in use.
    pub(crate) open: usize,
    pub(crate) in_use: usize,
    /// How many there may be.
    pub(crate) max: usize,
}

/// A pool. Its clones share the connections.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    target: Target,
    /// The statements that set up each new connection.
    setup: Option<String>,
    /// Longest time for opening a connection.
    limit: Duration,
    queue: unmanaged::Pool<Held>,
    /// Notified when a connection could not be opened.
    failed: Notify,
    state: Mutex<State>,
}

struct State {
    supply: Supply,
    /// Connections of an earlier generation lead to the wrong server.
    generation: u64,
    retired: Option<Instant>,
    swept: Instant,
}

struct Held {
    connection: Connection,
    generation: u64,
    used: Instant,
}

impl Pool {
    /// A pool of at most `size` connections, none of which is opened yet.
    pub(super) fn new(target: Target, setup: Option<String>, size: usize, limit: Duration) -> Self {
        let state = State { supply: Supply::new(size), generation: 0, retired: None, swept: moment() };
        let (queue, failed) = (unmanaged::Pool::new(size), Notify::new());
        Self(Arc::new(Shared { target, setup, limit, queue, failed, state: Mutex::new(state) }))
    }

    /// A connection. Callers who wait get one in the order in which they came.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is none until `deadline`, or when waiting for one does not help, and which of both it was.
    pub(super) async fn get(&self, deadline: Instant) -> Result<Lent, (Failure, Error)> {
        let mut waiting = None;
        loop {
            let held = match self.0.queue.try_get() {
                Ok(held) => held,
                Err(_) => {
                    waiting.get_or_insert_with(|| Waiting::begin(&self.0));
                    self.0.open_more();
                    self.0.next(deadline).await?
                }
            };
            let mut lent = Lent { held: Some(held), pool: self.0.clone(), at_work: false };
            if lent.is_sound() {
                return Ok(lent);
            }
            lent.close();
        }
    }

    /// How many callers wait for a connection.
    pub(super) fn waiting(&self) -> usize {
        self.0.state().supply.waiting()
    }

    /// How many connections there are.
    pub(super) fn connections(&self) -> Connections {
        let status = self.0.queue.status();
        let in_use = status.size.saturating_sub(status.available);
        Connections { open: status.size, in_use, max: status.max_size }
    }

    /// Closes all connections, those in use when they come back, and opens no more.
    pub(super) fn close(&self) {
        self.0.queue.close();
    }

    /// Closes all connections, those in use when they come back, because a new one may lead to another server.
    pub(super) fn retire(&self) {
        {
            let mut state = self.0.state();
            let now = moment();
            if state.retired.is_some_and(|retired| now - retired < RETIREMENT) {
                return;
            }
            state.retired = Some(now);
            state.generation += 1;
        }
        self.0.sweep();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of connections, free and in use.
    fn open(&self) -> usize {
        self.queue.status().size
    }

    /// Opens as many as the queue needs and the supply allows.
    fn open_more(self: &Arc<Self>) {
        if self.queue.is_closed() {
            return;
        }
        while self.state().supply.begin_opening(self.open(), moment()) {
            tokio::spawn(self.clone().open_one());
        }
    }

    /// Opens a connection. Tries until it succeeds, or no connection is needed any more.
    async fn open_one(self: Arc<Self>) {
        let opening = Opening(&self);
        loop {
            let (pause, generation) = {
                let state = self.state();
                (state.supply.pause(), state.generation)
            };
            sleep(pause).await;
            let opened = timeout(self.limit, self.connect()).await.unwrap_or_else(|_| Err(Unopened::late(self.limit)));
            match opened {
                Ok(connection) => {
                    // This fails only if the queue is full, and no connection is opened for a full queue.
                    _ = self.queue.try_add(Held { connection, generation, used: moment() });
                    break;
                }
                // Nobody misses it any more.
                Err(_) if self.queue.is_closed() => return,
                Err(unopened) => {
                    let again = self.state().supply.failed(unopened, self.open(), moment());
                    self.failed.notify_waiters();
                    if !again {
                        forget(opening);
                        return self.sweep();
                    }
                }
            }
        }
        let fewer = self.state().supply.opened(self.open(), moment());
        forget(opening);
        if fewer {
            self.sweep();
        }
        // The number that are opened at once is bounded.
        self.open_more();
    }

    async fn connect(&self) -> Result<Connection, Unopened> {
        let mut connection = self.target.connect().await?;
        if let Some(setup) = &self.setup {
            connection.batch_execute(setup).await?;
        }
        Ok(connection)
    }

    /// The next free connection for this caller.
    async fn next(&self, deadline: Instant) -> Result<Object<Held>, (Failure, Error)> {
        let mut next = pin!(self.queue.get());
        loop {
            let mut failed = pin!(self.failed.notified());
            failed.as_mut().enable();
            self.check_hope().map_err(|error| (Failure::Unconnected, error))?;
            tokio::select! {
                biased;
                Ok(held) = &mut next => return Ok(held),
                () = failed => {}
                () = sleep_until(deadline) => return Err(self.late()),
            }
        }
    }

    #[track_caller]
    fn check_hope(&self) -> Result<(), Error> {
        match self.state().supply.is_hopeless(self.open(), self.limit, moment()) {
            Some(why) => Err(Error::unavailable(format!("no database connection: {why}"))),
            None => Ok(()),
        }
    }

    #[track_caller]
    fn late(&self) -> (Failure, Error) {
        let why = self.state().supply.why().map(|why| format!(": {why}"));
        let failure = if why.is_some() { Failure::Unconnected } else { Failure::Queue };
        let why = why.unwrap_or_default();
        (failure, Error::unavailable(format!("no database connection within {:?}{why}", self.limit)))
    }

    fn keeps(&self, held: &Held) -> bool {
        let state = self.state();
        held.generation == state.generation && state.supply.allows(self.open())
    }

    /// Closes free connections that must not be kept, or that were not used for long.
    fn sweep(&self) {
        let now = moment();
        self.state().swept = now;
        let free: Vec<_> = from_fn(|| self.queue.try_get().ok()).collect();
        // They go back in their order, so that the one that was used last is lent next.
        for held in free.into_iter().rev() {
            if !self.keeps(&held) || now - held.used > UNUSED {
                drop(Object::take(held));
            }
        }
    }
}

/// A connection that is being opened. It is forgotten when the outcome is known, and dropped if opening panics.
struct Opening<'a>(&'a Shared);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.state().supply.lost();
    }
}

/// A caller in the queue.
struct Waiting(Arc<Shared>);

impl Waiting {
    fn begin(pool: &Arc<Shared>) -> Self {
        pool.state().supply.begin_wait();
        Self(pool.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.state().supply.end_wait();
    }
}

/// A connection from the pool. It goes back when this is dropped, unless a transaction is open on it or a statement
/// may still run on it, as happens when nobody waits for the work any more. Such a connection is closed: it would
/// hold its locks until somebody uses the connection, or make its next user wait for the statement.
pub(super) struct Lent {
    held: Option<Object<Held>>,
    pool: Arc<Shared>,
    at_work: bool,
}

impl Lent {
    /// The connection, on which work begins.
    pub(super) fn begin_work(&mut self) -> Result<&mut Connection, Error> {
        self.at_work = true;
        let held = self.held.as_deref_mut().ok_or_else(|| Error::internal("a connection was used after its end"))?;
        Ok(&mut held.connection)
    }

    /// Call this when all statements of the work have been answered, or the connection is closed anyway.
    pub(super) fn end_work(&mut self) {
        self.at_work = false;
    }

    /// Whether it can be lent: open, with no transaction left on it. A closed connection is noticed without a query.
    fn is_sound(&mut self) -> bool {
        let pool = self.pool.clone();
        self.held.as_deref_mut().is_some_and(|held| !held.connection.is_broken() && pool.keeps(held))
    }

    pub(super) fn close(&mut self) {
        if let Some(held) = self.held.take() {
            drop(Object::take(held));
            // Somebody may wait for it.
            self.pool.open_more();
        }
    }

    /// Ends what still runs on it, then closes it. Until then it counts, because the server counts it as well.
    ///
    /// A pooler is not asked to cancel: PgBouncer 1.18 ends, with all that it serves, if whoever asked is gone before it has passed
    /// that on (<https://github.com/pgbouncer/pgbouncer/issues/801>), as when this process stops. PostgreSQL ends the statement at its
    /// timeout.
    fn abandon(&mut self) {
        if self.pool.target.is_pooled() {
            return self.close();
        }
        let Ok(runtime) = Handle::try_current() else { return self.close() };
        let Some(mut held) = self.held.take() else { return };
        let pool = self.pool.clone();
        runtime.spawn(async move {
            let ended = async {
                pool.target.cancel(held.connection.cancel_token()).await;
                // It is answered after the statement.
                _ = held.connection.batch_execute("").await;
            };
            _ = timeout(CANCELLATION, ended).await;
            drop(Object::take(held));
            pool.open_more();
        });
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.at_work {
            return self.abandon();
        }
        if !self.is_sound() {
            return self.close();
        }
        let now = moment();
        if let Some(mut held) = self.held.take() {
            held.used = now;
        }
        if now - self.pool.state().swept > SWEEP {
            self.pool.sweep();
        }
    }
}
