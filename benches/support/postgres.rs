//! A private PostgreSQL that several servers may share, and an operator's connection to it.

use portcullis::db::embedded::{Embedded, Options};
use tokio_postgres::{Client, NoTls};

use super::directory::Directory;
use super::{Outcome, processor_time};

/// With the settings that the server's own has: durable, autovacuum on. Dropped, it is shut down, which blocks meanwhile.
pub(crate) struct Postgres {
    pub(crate) operator: Client,
    embedded: Embedded,
}

impl Postgres {
    /// In this directory; never from the network.
    pub(crate) async fn start(directory: &Directory) -> Outcome<Self> {
        Self::start_with(directory, &[]).await
    }

    /// The same, with these settings, which win over the server's own.
    pub(crate) async fn start_with(directory: &Directory, settings: &[(&str, &str)]) -> Outcome<Self> {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let options = Options { download: false, settings, ..Options::new(directory.path()) };
        let embedded = Embedded::start(options).await?;
        let (operator, connection) = tokio_postgres::connect(embedded.url(), NoTls).await?;
        tokio::spawn(connection);
        Ok(Self { operator, embedded })
    }

    /// Its first process, which starts all others.
    pub(crate) async fn process(&self) -> Outcome<u32> {
        let own: i32 = self.operator.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        processor_time::parent(own.try_into()?)
    }

    pub(crate) fn url(&self) -> &str {
        self.embedded.url()
    }

    pub(crate) async fn stop(self) -> Outcome {
        Ok(self.embedded.stop().await?)
    }
}
