//! One session, from its login to the last refusal.

use std::time::Duration;

use portcullis::clock::Stopwatch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_postgres::Client;

use crate::disturbance::{Disturbance, PATIENCE};
use crate::support::Outcome;
use crate::support::client::{Account, Answer, Connection, Question};
use crate::support::server::Server;

const EVERY: Duration = Duration::from_millis(1);
/// Connections that keep an instance busy.
const BUSY: usize = 4;

/// When a session's statement or that of a login was last sent. What the feed says and hears goes on all the time.
const LAST_STATEMENT: &str = "SELECT max(query_start)::text FROM pg_stat_activity \
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND query !~ 'LISTEN|pg_notify'";

/// Where it happens: connections to the three instances.
pub(crate) struct Site {
    pub(crate) first: Connection,
    pub(crate) others: [Connection; 2],
    pub(crate) account: Account,
}

/// What the instances are expected to do.
#[derive(Clone, Copy)]
pub(crate) enum Memory {
    /// Answer from it.
    Used,
    /// Ask the database about each caller.
    Unused,
}

/// What one instance, or both, did after the answer to the logout.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    /// When the first refusal arrived.
    pub(crate) refused: Duration,
    /// When the last request was sent that was accepted.
    pub(crate) accepted: Option<Duration>,
}

impl Site {
    pub(crate) async fn round(
        &mut self,
        operator: &Client,
        disturbance: Disturbance,
        memory: Memory,
    ) -> Outcome<Round> {
        let session = self.account.login(&mut self.first).await?;
        let me = Question::me(&session);
        for other in &mut self.others {
            match memory {
                Memory::Used => until_remembered(other, &me, operator).await?,
                Memory::Unused if asked_from_memory(other, &me, operator).await? => {
                    return Err("something is remembered".into());
                }
                Memory::Unused => {}
            }
        }
        let logout = Question::logout(&session);
        let frozen = disturbance.begin(operator).await?;
        let answer = self.first.ask(&logout).await?.right()?;
        let since = Stopwatch::start();
        if answer["data"]["logout"]["ended"] != true {
            return Err(format!("not ended: {answer}").into());
        }
        let [one, two] = &mut self.others;
        let (one, two) = tokio::try_join!(until_refused(one, &me, since), until_refused(two, &me, since))?;
        drop(frozen);
        Ok(Round { refused: one.refused.max(two.refused), accepted: one.accepted.max(two.accepted) })
    }

    /// Connections that ask these instances about another session without a pause, until the set is dropped.
    pub(crate) async fn load(&mut self, instances: &[Server]) -> Outcome<JoinSet<Outcome>> {
        let session = self.account.login(&mut self.first).await?;
        let mut load = JoinSet::new();
        for instance in instances {
            for _ in 0..BUSY {
                let mut connection = Connection::open(&instance.address).await?;
                let me = Question::me(&session);
                load.spawn(async move {
                    loop {
                        connection.ask(&me).await?.right()?;
                    }
                });
            }
        }
        Ok(load)
    }
}

async fn until_remembered(connection: &mut Connection, me: &Question, operator: &Client) -> Outcome {
    let watch = Stopwatch::start();
    while !asked_from_memory(connection, me, operator).await? {
        if watch.elapsed() > PATIENCE {
            return Err("nothing is remembered".into());
        }
        sleep(EVERY).await;
    }
    Ok(())
}

/// Whether `me` was answered without a statement.
async fn asked_from_memory(connection: &mut Connection, me: &Question, operator: &Client) -> Outcome<bool> {
    let last = async || Outcome::Ok(operator.query_one(LAST_STATEMENT, &[]).await?.get::<_, Option<String>>(0));
    let before = last().await?;
    connection.ask(me).await?.right()?;
    Ok(last().await? == before)
}

async fn until_refused(connection: &mut Connection, me: &Question, since: Stopwatch) -> Outcome<Round> {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut accepted = None;
    while since.elapsed() < PATIENCE {
        ticks.tick().await;
        let sent = since.elapsed();
        match connection.ask(me).await? {
            Answer::Revoked => return Ok(Round { refused: since.elapsed(), accepted }),
            answer => accepted = answer.right().map(|_| Some(sent))?,
        }
    }
    Err("it is never refused".into())
}
