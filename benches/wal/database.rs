//! A private PostgreSQL whose superuser may have checkpoints made, and what it counts.

use std::fs;
use std::time::Duration;

use portcullis::db::embedded::{Embedded, Options};
use tokio_postgres::{Client, NoTls, Statement};

use crate::support::directory::Directory;
use crate::support::{Outcome, processor_time};

/// Neither a checkpoint nor autovacuum comes in between.
const SETTINGS: [(&str, &str); 5] = [
    ("shared_preload_libraries", "pg_stat_statements"),
    ("pg_stat_statements.track_planning", "on"),
    ("checkpoint_timeout", "1d"),
    ("max_wal_size", "16GB"),
    ("autovacuum", "off"),
];
const RULES: &str = "local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n";

/// What was counted until now.
const COUNTERS: &str = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8, \
    pg_snapshot_xmax(pg_current_snapshot())::text::float8";
/// Of statements that each operation sends; what the server does in the background is left out.
const STATEMENTS: &str = "SELECT coalesce(sum(calls), 0)::float8, coalesce(sum(wal_fpi), 0)::float8, coalesce(sum(plans), 0)::float8 \
    FROM pg_stat_statements JOIN pg_roles ON pg_roles.oid = userid \
    WHERE rolname = 'portcullis' AND query NOT LIKE 'SELECT pg_notify%' AND calls * 2 > $1::float8";
/// What the last checkpoint found set.
const FULL_PAGES: &str = "SELECT full_page_writes FROM pg_control_checkpoint()";
/// What the server gives back after its answers.
const IN_FLIGHT: &str = "SELECT count(*) FROM limits WHERE held + held_before > 0";

/// The processes that serve the server.
const PROCESSES: &str = "SELECT pid FROM pg_stat_activity WHERE usename = 'portcullis'";

/// Of one operation, on average.
pub(crate) struct Costs {
    pub(crate) statements: f64,
    pub(crate) plans: f64,
    pub(crate) transaction_ids: f64,
    pub(crate) wal_bytes: f64,
    pub(crate) full_pages: f64,
    pub(crate) processor_micros: f64,
}

pub(crate) struct Database {
    pub(crate) superuser: Client,
    seed: Statement,
    embedded: Embedded,
}

impl Database {
    /// Before there are tables.
    pub(crate) async fn start(directory: &Directory) -> Outcome<Embedded> {
        let rules = directory.path().join("rules.conf");
        fs::write(&rules, RULES)?;
        let mut options = Options { download: false, ..Options::new(directory.path()) };
        options.settings = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        options.settings.push(("hba_file".to_owned(), rules.to_str().ok_or("not UTF-8")?.to_owned()));
        Ok(Embedded::start(options).await?)
    }

    /// As soon as the server has made its tables.
    pub(crate) async fn open(embedded: Embedded) -> Outcome<Self> {
        let (_, place) = embedded.url().split_once('@').ok_or("no credentials")?;
        let (superuser, connection) = tokio_postgres::connect(&format!("postgres://postgres@{place}"), NoTls).await?;
        tokio::spawn(connection);
        superuser.batch_execute("CREATE EXTENSION pg_stat_statements").await?;
        let seed = superuser.prepare(include_str!("seed.sql")).await?;
        Ok(Self { superuser, seed, embedded })
    }

    pub(crate) async fn stop(self) -> Outcome {
        Ok(self.embedded.stop().await?)
    }

    pub(crate) async fn seed(&self, accounts: i32, hash: &str) -> Outcome {
        self.superuser.execute(&self.seed, &[&accounts, &hash]).await?;
        Ok(())
    }

    /// Puts rows in the order of their ids. Each connection fills pages of its own, so those of the server's would stand together.
    pub(crate) async fn spread(&self) -> Outcome {
        for table in ["accounts", "passwords", "sessions"] {
            self.superuser.batch_execute(&format!("CLUSTER {table} USING {table}_pkey")).await?;
        }
        Ok(self.superuser.batch_execute("VACUUM ANALYZE").await?)
    }

    /// With a checkpoint, so that all pages are written as a whole when they are changed next, or none is any more.
    pub(crate) async fn set_full_pages(&self, on: bool) -> Outcome {
        let value = if on { "on" } else { "off" };
        self.superuser.batch_execute(&format!("ALTER SYSTEM SET full_page_writes = {value}")).await?;
        self.superuser.batch_execute("SELECT pg_reload_conf()").await?;
        // The checkpointer reads it some time later, and tells in its next checkpoint what it has read.
        loop {
            self.superuser.batch_execute("CHECKPOINT").await?;
            if self.superuser.query_one(FULL_PAGES, &[]).await?.get::<_, bool>(0) == on {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Of `operations` of one kind.
    pub(crate) async fn costs(&self, operations: usize, work: impl Future<Output = Outcome>) -> Outcome<Costs> {
        self.superuser.batch_execute("SELECT pg_stat_statements_reset()").await?;
        let [wal, ids, micros] = self.counters().await?;
        work.await?;
        while self.superuser.query_one(IN_FLIGHT, &[]).await?.get::<_, i64>(0) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let [wal_after, ids_after, micros_after] = self.counters().await?;
        let operations = operations as f64;
        let row = self.superuser.query_one(STATEMENTS, &[&operations]).await?;
        Ok(Costs {
            statements: row.get::<_, f64>(0) / operations,
            plans: row.get::<_, f64>(2) / operations,
            transaction_ids: (ids_after - ids) / operations,
            wal_bytes: (wal_after - wal) / operations,
            processor_micros: (micros_after - micros) / operations,
            full_pages: row.get::<_, f64>(1) / operations,
        })
    }

    async fn counters(&self) -> Outcome<[f64; 3]> {
        let mut micros = 0.0;
        for row in self.superuser.query(PROCESSES, &[]).await? {
            let process: i32 = row.get(0);
            micros += processor_time::of(process.cast_unsigned())?.as_secs_f64() * 1e6;
        }
        let row = self.superuser.query_one(COUNTERS, &[]).await?;
        Ok([row.get(0), row.get(1), micros])
    }
}
