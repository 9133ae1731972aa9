//! Bringing a database up to this version.

use diesel::declare_sql_function;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Oid, Text};
use diesel_async::{AnsiTransactionManager, AsyncMigrationHarness, RunQueryDsl, TransactionManager};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::suitability::Suitable;
use super::{Connection, Target, pooled};
use crate::error::{Error, OrInternal};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

#[declare_sql_function]
extern "SQL" {
    /// Takes the lock for the session, if nobody has it.
    fn pg_try_advisory_lock(key: BigInt) -> Bool;

    /// The same lock for the transaction.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;

    /// The table of that name, if there is one.
    #[sql_name = "to_regclass"]
    fn to_regclass(name: Text) -> Nullable<Oid>;

    /// Whether this role may do that with a table, if there is one.
    #[sql_name = "has_table_privilege"]
    fn has_table_privilege(table: Nullable<Oid>, privilege: Text) -> Nullable<Bool>;

    /// A name as SQL writes it.
    fn quote_ident(name: Text) -> Text;
}

diesel::table! {
    /// The table in which diesel records the applied migrations.
    __diesel_schema_migrations (version) {
        /// The migration's.
        version -> Text,
    }
}

/// The lock that is held while migrating, so that instances that start at once take turns: "portcull" in ASCII.
const LOCK: i64 = 0x706f_7274_6375_6c6c;

/// A migration of ours.
#[derive(Clone)]
struct Known {
    name: String,
    version: String,
    /// Whether it can't be in a transaction with others.
    alone: bool,
    /// It takes away what instances of the release before still need.
    contracts: bool,
}

/// How the name of a migration ends that contracts.
const CONTRACTS: &str = "_contract";

/// Which of the pending migrations are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Those that instances of the release before survive. A database in which nothing was applied has none, and gets all.
    Expanding,
    /// All: no instance of the release before serves any more.
    All,
}

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

/// Applies what is pending, as far as it is asked for. Safe to run from several instances at once.
///
/// Needs a multi-threaded tokio runtime.
///
/// # Errors
/// [`Error::Unavailable`] when the database can't be reached, [`Error::ReadOnly`] when it takes no changes,
/// [`Error::Internal`] when it does not suit or a migration fails. All migrations are one transaction, so nothing is
/// left of a failed one. A migration that can't be in a transaction separates those before it from those after it.
/// Through a pooler it is refused.
pub async fn run(target: &Target, extent: Extent) -> Result<Migrated, Error> {
    let mut connection = connect(target).await?;
    // The lock goes with the connection, or with the transaction.
    lock(&mut connection, target.is_pooled()).await?;
    if !target.is_pooled() {
        begin(&mut connection).await?;
    }
    let suitable = Suitable::find(&mut connection).await?;
    let applied = applied(&mut connection, &suitable).await?;
    let (pending, left) = lacking(&applied, extent)?;
    let left = names(left);
    if pending.is_empty() {
        return Ok(Migrated { applied: Vec::new(), left });
    }
    suitable.check_may_migrate()?;
    if target.is_pooled()
        && let Some(alone) = pending.iter().find(|migration| migration.alone)
    {
        let why = "can't be applied through a pooler: set PORTCULLIS_DATABASE_DIRECT_URL";
        return Err(Error::internal(format!("migration {} {why}", alone.name)));
    }
    let hint = if applied.is_empty() { suitable.how_to_part(&mut connection).await? } else { String::new() };
    let mut kept = false;
    for together in pending.chunk_by(|one, next| !one.alone && !next.alone) {
        let alone = together.iter().any(|migration| migration.alone);
        if alone {
            AnsiTransactionManager::commit_transaction(&mut connection).await?;
        }
        let done;
        (connection, done) = apply(connection, together);
        if let Err(why) = done {
            let kept = if kept || alone { "The migrations before it are kept." } else { "Nothing was changed." };
            return Err(Error::internal(format!("{why}. {kept} {hint}").trim_end().to_owned()));
        }
        if alone {
            begin(&mut connection).await?;
        }
        kept = true;
    }
    AnsiTransactionManager::commit_transaction(&mut connection).await?;
    Ok(Migrated { applied: names(pending), left })
}

fn names(these: Vec<Known>) -> Vec<String> {
    these.into_iter().map(|migration| migration.name).collect()
}

/// The names of the migrations that the database lacks.
///
/// # Errors
/// [`Error::Unavailable`] when the database can't be reached, [`Error::Internal`] when it does not suit.
pub async fn pending(target: &Target) -> Result<Lacking, Error> {
    let mut connection = connect(target).await?;
    let suitable = Suitable::find(&mut connection).await?;
    let applied = applied(&mut connection, &suitable).await?;
    let (needed, contracting) = lacking(&applied, Extent::Expanding)?;
    Ok(Lacking { needed: names(needed), contracting: names(contracting) })
}

/// All migrations of ours, in their order.
fn known() -> Result<Vec<Known>, Error> {
    let all: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().or_internal()?;
    let known = all.iter().map(|migration| Known {
        name: migration.name().to_string(),
        version: migration.name().version().to_string(),
        alone: !migration.metadata().run_in_transaction(),
        contracts: migration.name().to_string().ends_with(CONTRACTS),
    });
    let mut known: Vec<_> = known.collect();
    known.sort_by(|one, other| one.version.cmp(&other.version));
    Ok(known)
}

/// What is to be applied, and what is left.
fn lacking(applied: &[String], extent: Extent) -> Result<(Vec<Known>, Vec<Known>), Error> {
    let lacks = |migration: &Known| !applied.contains(&migration.version);
    // Nobody serves from a database that was never migrated.
    let all = extent == Extent::All || applied.is_empty();
    Ok(known()?.into_iter().filter(lacks).partition(|migration| all || !migration.contracts))
}

/// The versions that were applied in this schema. Another schema of the search path may be another application's.
///
/// diesel is not used here, because it would create its table first, and the role may lack the right.
async fn applied(connection: &mut Connection, suitable: &Suitable) -> Result<Vec<String>, Error> {
    let table = quote_ident(suitable.schema()).concat(".__diesel_schema_migrations");
    match diesel::select(has_table_privilege(to_regclass(table), "SELECT")).get_result(connection).await? {
        None => return Ok(Vec::new()),
        Some(true) => {}
        Some(false) => {
            return Err(Error::internal(format!(
                "permission denied for the table __diesel_schema_migrations: it may be another application's. Nothing was changed. {}",
                suitable.how_to_part(connection).await?
            )));
        }
    }
    let versions = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
    let applied: Vec<String> = versions.order(__diesel_schema_migrations::version).load(connection).await?;
    let known = known()?;
    let is_ours = |version: &String| known.iter().any(|migration| migration.version == *version);
    if let [foreign, ..] = applied.as_slice()
        && !applied.iter().any(is_ours)
    {
        return Err(Error::internal(format!(
            "the table __diesel_schema_migrations is another application's: it has {foreign} and none of ours. Nothing was changed. {}",
            suitable.how_to_part(connection).await?
        )));
    }
    let last = known.last().map(|migration| migration.version.as_str()).unwrap_or_default();
    if let Some(newer) = applied.iter().find(|version| version.as_str() > last) {
        tracing::warn!(
            migration = newer,
            "the database was migrated by a newer version of Portcullis: this one, {}, does not know what that changed. Upgrade it",
            env!("CARGO_PKG_VERSION")
        );
    }
    Ok(applied)
}

/// Applies these migrations within the open transaction. Returns the connection.
fn apply(connection: Connection, these: &[Known]) -> (Connection, Result<(), String>) {
    let mut harness = AsyncMigrationHarness::new(connection);
    let done = (|| {
        // Makes diesel's table.
        for migration in harness.pending_migrations(MIGRATIONS)? {
            if these.iter().any(|one| one.version == migration.name().version().to_string()) {
                harness.run_migration(&migration)?;
            }
        }
        Ok(())
    })();
    (harness.into_inner(), done.map_err(|error: Box<dyn std::error::Error + Send + Sync>| error.to_string()))
}

async fn lock(connection: &mut Connection, pooled: bool) -> Result<(), Error> {
    let (at_once, wait): (bool, _) = if pooled {
        (diesel::select(pg_try_advisory_xact_lock(LOCK)).get_result(connection).await?, "pg_advisory_xact_lock")
    } else {
        (diesel::select(pg_try_advisory_lock(LOCK)).get_result(connection).await?, "pg_advisory_lock")
    };
    if !at_once {
        tracing::info!("waiting for another instance that migrates the database");
        diesel::sql_query(format!("SELECT {wait}($1)")).bind::<BigInt, _>(LOCK).execute(connection).await?;
    }
    Ok(())
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
