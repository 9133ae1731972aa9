//! Ways in, beside the hash that most of them are.

use std::sync::Arc;

use crate::argon;
use crate::clients::Client;
use crate::contender::Contender;
use crate::report::Report;
use crate::setting::{Setting, connections};
use crate::support::Outcome;
use crate::support::client::{Account, Connection, Question};
use crate::support::passkey::Passkey;
use crate::support::record::Target;
use crate::support::server::Server;

const CONNECTIONS: usize = 16;
/// Those that have passkeys are asked for them at a login, so they are others.
const WITH_PASSKEYS: usize = 4;

pub(crate) async fn measure(setting: &Setting, report: &mut Report) -> Outcome {
    let server = setting.server(&[]).await?;
    let mut login = Contender::new("login", logging_in(setting, &server).await?, setting.meter(&server)?);
    let mut register = Contender::new("register", registering(setting, &server).await?, setting.meter(&server)?);
    let mut passkey = Contender::new("passkey sign-in", by_passkey(setting, &server).await?, setting.meter(&server)?);
    let mut hashes = Vec::with_capacity(setting.rounds);
    for _ in 0..setting.rounds {
        hashes.push(argon::rate(&setting.processors, setting.duration).await?);
        login.turn(2 * setting.duration).await?;
        register.turn(setting.duration).await?;
        passkey.turn(setting.duration).await?;
    }
    report.add_row(argon::row(&setting.processors, &hashes));
    [&login, &register, &passkey].into_iter().for_each(|contender| report.add(contender));
    report.compare_rates("a second: login to Argon2id alone", &login, &hashes, Some(Target::AtLeast(0.95)));
    report.compare_rates("a second: register to Argon2id alone", &register, &hashes, None);
    report.compare_rates("a second: passkey sign-in to Argon2id alone", &passkey, &hashes, None);
    drop((login, register, passkey));
    server.stop().await
}

async fn logging_in(setting: &Setting, server: &Server) -> Outcome<Vec<Client>> {
    let accounts = setting.accounts(server, CONNECTIONS).await?;
    let connections = connections(server, CONNECTIONS).await?;
    let pairs = connections.into_iter().zip(&accounts);
    Ok(pairs.map(|(connection, account)| Client::Asking(connection, Question::login(account))).collect())
}

async fn registering(setting: &Setting, server: &Server) -> Outcome<Vec<Client>> {
    let connections = connections(server, CONNECTIONS).await?;
    Ok(connections.into_iter().map(|connection| Client::Registering(connection, setting.next.clone())).collect())
}

async fn by_passkey(setting: &Setting, server: &Server) -> Outcome<Vec<Client>> {
    let passkeys = add_passkeys(server, &setting.accounts(server, WITH_PASSKEYS).await?).await?;
    let connections = connections(server, CONNECTIONS).await?;
    let pairs = connections.into_iter().zip(passkeys.iter().cycle());
    Ok(pairs.map(|(connection, passkey)| Client::Passkey(connection, passkey.clone())).collect())
}

/// Gives each of these accounts a passkey.
async fn add_passkeys(server: &Server, accounts: &[Account]) -> Outcome<Vec<Arc<Passkey>>> {
    let mut connection = Connection::open(&server.address).await?;
    let mut passkeys = Vec::with_capacity(accounts.len());
    for account in accounts {
        passkeys.push(Arc::new(Passkey::add(&mut connection, account).await?));
    }
    Ok(passkeys)
}
