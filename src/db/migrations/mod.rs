//! Bringing a database up to this version.

mod interrupt;
mod left_over;
mod locks;
mod recorded;
mod tries;

use std::sync::Arc;
use std::time::Duration;

use diesel::declare_sql_function;
use diesel::sql_types::BigInt;
use diesel_async::{AnsiTransactionManager, AsyncMigrationHarness, TransactionManager};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio::sync::oneshot::Sender;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use interrupt::Interrupt;
use locks::Holders;
pub use locks::Locks;
pub use recorded::{Extent, Source};
use recorded::{Known, applied, known, lacking, names};
use tries::Tries;

use super::suitability::Suitable;
use super::{Connection, Run, Target, pooled};
use crate::clock::moment;
use crate::error::{Error, OrInternal};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

#[declare_sql_function]
extern "SQL" {
    /// Takes the lock for the session, if nobody has it.
    fn pg_try_advisory_lock(key: BigInt) -> Bool;

    /// The same lock for the transaction.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}

/// The lock that is held while migrating, so that instances that start at once take turns: "portcull" in ASCII.
const LOCK: i64 = 0x706f_7274_6375_6c6c;

/// The pause before another try to get that lock.
const TURN: Duration = Duration::from_millis(100);

/// What a run came to.
#[derive(Debug)]
pub struct Migrated {
    /// The names of what was applied.
    pub applied: Vec<String>,
    /// Of what is left until no instance of the release before serves.
    pub left: Vec<String>,
}

/// What a database lacks.
#[derive(Debug)]
pub struct Lacking {
    /// What this version can't do without.
    pub needed: Vec<String>,
    /// What contracts, and can wait.
    pub contracting: Vec<String>,
}

/// What a try came to.
enum Tried {
    /// What is left until no instance of the release before serves.
    Done(Vec<String>),
    /// Something was applied, and there may be more. Nobody else serves from a new database.
    More { is_new: bool },
    /// It failed after a wait for a lock may have been over, so another try may succeed.
    Late { why: String, holders: Holders },
}

/// Applies what is pending, as far as it is asked for. Safe to run from several instances at once. A migration waits for
/// a lock only as long as `locks` says, because requests wait behind it.
///
/// Needs a multi-threaded tokio runtime. If the future is dropped, what runs is cancelled and rolled back: the drop waits for that,
/// some seconds at the most.
///
/// # Errors
/// [`Error::Unavailable`] when the database can't be reached, [`Error::ReadOnly`] when it takes no changes,
/// [`Error::Internal`] when it does not suit or a migration fails. Each migration is a transaction, so that nobody waits
/// for a lock of one table while it waits for that of another. A database that was never migrated gets all in one, so
/// that nothing is left in it if it is somebody else's. A migration that can't be in a transaction is applied by itself,
/// and through a pooler it is refused.
pub async fn run(target: &Target, extent: Extent, locks: Locks) -> Result<Migrated, Error> {
    run_from(&(Arc::new(MIGRATIONS) as Source), target, extent, locks).await
}

/// The same with migrations of another source, which has all of ours.
#[doc(hidden)]
pub async fn run_from(source: &Source, target: &Target, extent: Extent, locks: Locks) -> Result<Migrated, Error> {
    let mut extent = extent;
    let mut tries = Tries::new(locks);
    let mut applied = Vec::new();
    loop {
        match try_once(source, target, extent, (locks, tries.timeout), &mut applied).await? {
            Tried::Done(left) => return Ok(Migrated { applied, left }),
            Tried::More { is_new } => {
                tries = Tries::new(locks);
                if is_new {
                    extent = Extent::All;
                }
            }
            Tried::Late { why, holders: Holders { said, gives_way } } => {
                let Some(pause) = tries.pause(moment(), gives_way) else {
                    return Err(Error::internal(format!("{why} {said}")));
                };
                tracing::warn!(
                    why,
                    "a migration got no lock in time and lets others go first; it is tried again in {pause:?}. {said}"
                );
                sleep(pause).await;
            }
        }
    }
}

/// Applies what can be one transaction. Adds the names to `done`.
async fn try_once(
    source: &Source,
    target: &Target,
    extent: Extent,
    bounds: (Locks, Duration),
    done: &mut Vec<String>,
) -> Result<Tried, Error> {
    let mut connection = connect(target).await?;
    let (interrupt, running) = Interrupt::new(target, &mut connection).await?;
    let tried = try_on(connection, running, source, target, extent, bounds, done).await;
    interrupt.over();
    tried
}

/// The same on a connection. `running` is dropped when nothing more is sent on it.
async fn try_on(
    mut connection: Connection,
    running: Sender<()>,
    source: &Source,
    target: &Target,
    extent: Extent,
    (locks, timeout): (Locks, Duration),
    done: &mut Vec<String>,
) -> Result<Tried, Error> {
    // The lock goes with the connection, or with the transaction.
    lock(&mut connection, target.is_pooled()).await?;
    if !target.is_pooled() {
        begin(&mut connection).await?;
    }
    let suitable = Suitable::find(&mut connection).await?;
    let known = known(&**source)?;
    let applied = applied(&mut connection, &suitable, &known).await?;
    let (pending, left) = lacking(known, &applied, extent);
    let left = names(&left);
    if pending.is_empty() {
        return Ok(Tried::Done(left));
    }
    suitable.check_may_migrate()?;
    if target.is_pooled()
        && let Some(alone) = pending.iter().find(|migration| migration.alone)
    {
        let why = "can't be applied through a pooler: set PORTCULLIS_DATABASE_DIRECT_URL";
        return Err(Error::internal(format!("migration {} {why}", alone.name)));
    }
    let hint = if applied.is_empty() { suitable.how_to_part(&mut connection).await? } else { String::new() };
    let in_one = if applied.is_empty() { pending.iter().take_while(|migration| !migration.alone).count() } else { 1 };
    let together = &pending[..in_one.max(1)];
    let alone = together.iter().find(|migration| migration.alone);
    if let Some(migration) = alone {
        AnsiTransactionManager::commit_transaction(&mut connection).await?;
        locks::wait_for_ever(&mut connection).await?;
        left_over::remove(&mut connection, &migration.name).await?;
    } else {
        locks::give_up_after(timeout, &mut connection).await?;
    }
    let began = moment();
    let outcome;
    (connection, outcome) = apply(connection, running, source.clone(), together.to_vec()).await?;
    if let Err(why) = outcome {
        let kept = if done.is_empty() { "Nothing was changed." } else { "The migrations before it are kept." };
        let why = format!("{why}. {kept}");
        // diesel does not pass on the SQLSTATE that would tell what failed.
        if alone.is_none() && moment() - began >= locks.timeout {
            let holders = locks.holders(&mut connection).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "it can't be said who holds the lock");
                Holders::default()
            });
            _ = AnsiTransactionManager::rollback_transaction(&mut connection).await;
            return Ok(Tried::Late { why, holders });
        }
        return Err(Error::internal(format!("{why} {hint}").trim_end().to_owned()));
    }
    if alone.is_none() {
        AnsiTransactionManager::commit_transaction(&mut connection).await?;
    }
    done.extend(names(together));
    Ok(Tried::More { is_new: applied.is_empty() })
}

/// The names of the migrations that the database lacks.
///
/// # Errors
/// [`Error::Unavailable`] when the database can't be reached, [`Error::Internal`] when it does not suit.
pub async fn pending(target: &Target) -> Result<Lacking, Error> {
    let mut connection = connect(target).await?;
    let suitable = Suitable::find(&mut connection).await?;
    let known = known(&MIGRATIONS)?;
    let applied = applied(&mut connection, &suitable, &known).await?;
    let (needed, contracting) = lacking(known, &applied, Extent::Expanding);
    Ok(Lacking { needed: names(&needed), contracting: names(&contracting) })
}

/// Applies these migrations within the open transaction. Returns the connection.
///
/// diesel blocks its thread. It gets one that may be blocked, so that the future can be dropped while a statement runs.
async fn apply(
    connection: Connection,
    running: Sender<()>,
    source: Source,
    these: Vec<Known>,
) -> Result<(Connection, Result<(), String>), Error> {
    let applied = spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(connection);
        let done = (|| {
            // Makes diesel's table.
            harness.applied_migrations()?;
            let all = source.migrations()?;
            for known in these {
                if let Some(migration) = all.iter().find(|one| one.name().version().to_string() == known.version) {
                    harness.run_migration(migration)?;
                }
            }
            Ok(())
        })();
        drop(running);
        (harness.into_inner(), done.map_err(|error: Box<dyn std::error::Error + Send + Sync>| error.to_string()))
    });
    applied.await.or_internal()
}

/// Waits until no other instance migrates. It asks again and again: a statement that waits would keep its snapshot, for
/// whose end an index that the other instance builds `CONCURRENTLY` would wait.
async fn lock(connection: &mut Connection, pooled: bool) -> Result<(), Error> {
    let mut told = false;
    loop {
        let is_ours: bool = if pooled {
            diesel::select(pg_try_advisory_xact_lock(LOCK)).one_row(connection).await?
        } else {
            diesel::select(pg_try_advisory_lock(LOCK)).one_row(connection).await?
        };
        if is_ours {
            return Ok(());
        }
        if !told {
            tracing::info!("waiting for another instance that migrates the database");
            told = true;
        }
        sleep(TURN).await;
    }
}

/// Connects. Through a pooler a transaction is open afterwards.
async fn connect(target: &Target) -> Result<Connection, Error> {
    let mut connection = target.connect_patiently().await?;
    if target.is_pooled() {
        AnsiTransactionManager::begin_transaction_sql(&mut connection, &pooled::begin(None)).await?;
    }
    Ok(connection)
}

async fn begin(connection: &mut Connection) -> Result<(), Error> {
    Ok(AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN ISOLATION LEVEL READ COMMITTED").await?)
}
