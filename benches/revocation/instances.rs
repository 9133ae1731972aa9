//! Three servers on one database.

use std::time::Duration;

use crate::disturbance::Disturbance;
use crate::round::{Memory, Site};
use crate::support::Outcome;
use crate::support::client::{Account, Connection};
use crate::support::postgres::Postgres;
use crate::support::server::{CHEAP, SECRET, Server};
use crate::table::{self, Row};

/// PORTCULLIS_FEED_TIMEOUT's default.
pub(crate) const LIMIT: Duration = Duration::from_secs(2);

pub(crate) struct Instances<'a> {
    postgres: &'a Postgres,
    servers: Vec<Server>,
    site: Site,
}

impl<'a> Instances<'a> {
    /// Starts them with these settings, which say where the database is. The first brings it up to date. The account that
    /// is registered gets this number.
    pub(crate) async fn start(postgres: &'a Postgres, account: usize, database: &[(&str, &str)]) -> Outcome<Self> {
        // What is done to the feed is no news.
        let mut settings = vec![SECRET, CHEAP[0], CHEAP[1], ("PORTCULLIS_LOG", "error")];
        settings.extend(database);
        let limit = format!("{}s", LIMIT.as_secs());
        settings.push(("PORTCULLIS_FEED_TIMEOUT", &limit));
        let mut servers = Vec::with_capacity(3);
        for _ in 0..3 {
            servers.push(Server::start(&settings).await?);
        }
        let mut first = Connection::open(&servers[0].address).await?;
        let account = Account::register(&mut first, account).await?;
        let others = [Connection::open(&servers[1].address).await?, Connection::open(&servers[2].address).await?];
        Ok(Self { postgres, servers, site: Site { first, others, account } })
    }

    /// Plays so many rounds and prints what came out. Returns how many acceptances came too late.
    pub(crate) async fn row(
        &mut self,
        name: &'static str,
        rounds: usize,
        disturbance: Disturbance,
        memory: Memory,
    ) -> Outcome<usize> {
        let load = match disturbance {
            Disturbance::Load => Some(self.site.load(&self.servers[1..]).await?),
            _ => None,
        };
        let mut row = Row::new(name);
        for number in 0..rounds {
            let round = self.site.round(&self.postgres.operator, disturbance, memory).await;
            row.add(round.map_err(|error| format!("{name}, round {number}: {error}"))?);
        }
        drop(load);
        Ok(table::row(row, LIMIT))
    }

    pub(crate) async fn stop(self) -> Outcome {
        for server in self.servers {
            server.stop().await?;
        }
        Ok(())
    }
}
