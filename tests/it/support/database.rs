//! A schema of the shared database for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::NoTls;

use super::cluster::{self, SUPERUSER};

/// The number of statements that wait for a lock that this connection holds.
pub(crate) const BLOCKED: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";

/// A database that no other test sees.
pub(crate) struct TestDatabase {
    /// Its URL, for the server.
    pub(crate) url: String,
    /// A connection of the operator's.
    pub(crate) operator: tokio_postgres::Client,
}

impl TestDatabase {
    /// A schema that the server's role owns. The operator is a superuser.
    pub(crate) async fn new() -> Self {
        Self::operated_on(cluster::database_url().await).await
    }

    /// A new schema in the database at `url`. The operator has the role that the server has.
    pub(crate) async fn on(url: &str) -> Self {
        Self::of(url, url).await
    }

    /// A new schema in the database at `url`, of a cluster [open to superusers](cluster::open_to_superusers), who operate it.
    pub(crate) async fn operated_on(url: &str) -> Self {
        Self::of(url, &as_superuser(url)).await
    }

    async fn of(url: &str, operator: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let schema = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let operator = connect(operator).await;
        operator
            .batch_execute(&format!(
                "CREATE SCHEMA {schema} AUTHORIZATION portcullis; SET search_path TO {schema}; \
                 ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT ALL ON TABLES TO portcullis"
            ))
            .await
            .expect("a schema for the test");
        Self { url: format!("{url}?options=-c%20search_path%3D{schema}"), operator }
    }

    /// One more connection of the operator's.
    pub(crate) async fn another(&self) -> tokio_postgres::Client {
        let (url, schema) = self.url.split_once("?options=-c%20search_path%3D").expect("a schema");
        let shared = cluster::database_url().await;
        let connection = if url == shared { connect(&as_superuser(url)).await } else { connect(url).await };
        connection.batch_execute(&format!("SET search_path TO {schema}")).await.expect("a path");
        connection
    }

    /// The same, where the server connects as a role that owns the schema and is not a superuser. `limits` are
    /// options of its `CREATE ROLE`.
    pub(crate) async fn of_a_role(self, limits: &str) -> Self {
        let schema: String = self.operator.query_one("SELECT current_schema()::text", &[]).await.expect("a row").get(0);
        let role = format!("{schema}_role");
        let make =
            format!("CREATE ROLE {role} LOGIN PASSWORD 'of the tests' {limits}; ALTER SCHEMA {schema} OWNER TO {role}");
        self.operator.batch_execute(&make).await.expect("a role");
        let (_, address) = self.url.split_once('@').expect("credentials");
        Self { url: format!("postgres://{role}:of%20the%20tests@{address}"), ..self }
    }

    /// The name of the role as which the server connects.
    pub(crate) fn role(&self) -> &str {
        let (_, rest) = self.url.split_once("://").expect("a scheme");
        rest.split_once(':').expect("a role").0
    }

    /// The number that a query returns.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        self.operator.query_one(query, &[]).await.expect("a query that counts").get(0)
    }

    /// The texts that a query returns.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        let rows = self.operator.query(query, &[]).await.expect("rows");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Runs a statement of the operator. Returns how many rows it changed.
    pub(crate) async fn execute(&self, statement: &str) -> u64 {
        self.operator.execute(statement, &[]).await.expect("a statement of the operator's")
    }
}

/// The same database, as its superuser.
pub(crate) fn as_superuser(url: &str) -> String {
    let (_, place) = url.split_once('@').expect("credentials");
    format!("postgres://{SUPERUSER}@{place}")
}

pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}
