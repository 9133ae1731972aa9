//! Sessions that end. They are opened before each turn, which may be over before its time.

use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use crate::clients::Client;
use crate::contender::Contender;
use crate::report::Report;
use crate::setting::{Setting, connections};
use crate::support::Outcome;
use crate::support::client::{Account, Connection, Session};
use crate::support::server::{CHEAP, Server};

const CONNECTIONS: usize = 16;
const ACCOUNTS_OF_EACH: usize = 4;
const SESSIONS_OF_EACH: usize = 60;

pub(crate) async fn measure(setting: &Setting, report: &mut Report) -> Outcome {
    let server = setting.server(&CHEAP).await?;
    let mut logout = Contender::new("logout", Vec::new(), setting.meter(&server)?);
    let mut accounts = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        accounts.push(Arc::new(setting.accounts(&server, ACCOUNTS_OF_EACH).await?));
    }
    for _ in 0..setting.rounds {
        let sessions = Arc::new(Mutex::new(open(&server, &accounts).await?));
        let connections = connections(&server, CONNECTIONS).await?.into_iter();
        logout.with(connections.map(|connection| Client::LoggingOut(connection, sessions.clone())).collect());
        logout.turn(setting.duration).await?;
    }
    report.add(&logout);
    drop(logout);
    server.stop().await
}

/// New sessions of all these accounts, mixed.
async fn open(server: &Server, accounts: &[Arc<Vec<Account>>]) -> Outcome<Vec<Session>> {
    let mut opening = JoinSet::new();
    for share in accounts {
        let (share, mut connection) = (share.clone(), Connection::open(&server.address).await?);
        opening.spawn(async move {
            let mut sessions = Vec::with_capacity(share.len() * SESSIONS_OF_EACH);
            for _ in 0..SESSIONS_OF_EACH {
                for account in share.iter() {
                    sessions.push(account.login(&mut connection).await?);
                }
            }
            Outcome::Ok(sessions)
        });
    }
    let mut all: Vec<Vec<_>> = Vec::new();
    while let Some(sessions) = opening.join_next().await {
        all.push(sessions??);
    }
    let longest = all.iter().map(Vec::len).max().unwrap_or_default();
    Ok((0..longest).flat_map(|_| all.iter_mut().filter_map(Vec::pop).collect::<Vec<_>>()).collect())
}
