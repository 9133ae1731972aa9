//! Refreshes, beside the statement that they are.

use uuid::Uuid;

use crate::clients::Client;
use crate::contender::Contender;
use crate::meter;
use crate::report::Report;
use crate::setting::{Setting, connections};
use crate::slice::Slice;
use crate::support::Outcome;
use crate::support::client::Account;
use crate::support::record::Target;
use crate::support::server::{CHEAP, Server};
use crate::update::{Driver, Updater, pool};

/// As many as the server's pool has, so none waits for another.
const CONNECTIONS: usize = 16;
const SESSIONS_OF_EACH: usize = 8;
const SESSIONS: &str =
    "SELECT s.id::text FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE a.email::text = ANY($1)";

pub(crate) async fn measure(setting: &Setting, report: &mut Report) -> Outcome {
    let server = setting.server(&CHEAP).await?;
    let mut refresh = Contender::new("refreshToken", refreshing(setting, &server).await?, setting.meter(&server)?);
    let driver = Driver::start(&setting.processors)?;
    let meter = setting.meter_of(meter::Server::Threads(driver.threads.clone()));
    let updaters = updating(setting, &server).await?;
    let mut update = Contender::new("UPDATE ... RETURNING", updaters, meter).on(driver.handle().ok_or("no runtime")?);
    for _ in 0..setting.rounds {
        update.turn(setting.duration).await?;
        refresh.turn(setting.duration).await?;
    }
    report.add(&update);
    report.add(&refresh);
    let half = Some(Target::AtLeast(0.5));
    report.compare("a second: refreshToken to UPDATE ... RETURNING", (&refresh, &update), Slice::rate, half);
    drop((update, refresh, driver));
    server.stop().await
}

async fn refreshing(setting: &Setting, server: &Server) -> Outcome<Vec<Client>> {
    let mut clients = Vec::with_capacity(CONNECTIONS);
    for connection in connections(server, CONNECTIONS).await? {
        let accounts = setting.accounts(server, SESSIONS_OF_EACH).await?;
        let tokens = accounts.into_iter().map(|account| account.session.refresh_token).collect();
        clients.push(Client::Refreshing(connection, tokens));
    }
    Ok(clients)
}

async fn updating(setting: &Setting, server: &Server) -> Outcome<Vec<Client>> {
    let accounts = setting.accounts(server, CONNECTIONS * SESSIONS_OF_EACH).await?;
    let sessions = sessions(setting, &accounts).await?;
    let pool = pool(setting.postgres.url(), CONNECTIONS)?;
    let shares = sessions.chunks(SESSIONS_OF_EACH);
    Ok(shares.map(|share| Client::Updating(Updater::new(pool.clone(), share.to_vec()))).collect())
}

/// The sessions of these accounts.
async fn sessions(setting: &Setting, accounts: &[Account]) -> Outcome<Vec<Uuid>> {
    let emails: Vec<_> = accounts.iter().map(|account| account.email.as_str()).collect();
    let rows = setting.postgres.operator.query(SESSIONS, &[&emails]).await?;
    rows.iter().map(|row| Ok(row.get::<_, &str>(0).parse()?)).collect()
}
