//! What people do, each on an account of their own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::database::Database;
use crate::support::Outcome;
use crate::support::client::{Account, Connection, Question, Session};

/// A person with two sessions, far from those of others in every table and index.
pub(crate) struct Person {
    account: Account,
    sessions: [Session; 2],
    refresh_token: String,
}

/// Registers so many, and adds accounts between them.
pub(crate) async fn seed(
    database: &Database,
    connection: &mut Connection,
    people: usize,
    between: i32,
) -> Outcome<Vec<Person>> {
    let mut all = Vec::with_capacity(people);
    for _ in 0..people {
        let account = register(connection).await?;
        let sessions = [account.login(connection).await?, account.login(connection).await?];
        let refresh_token = sessions[0].refresh_token.clone();
        all.push(Person { account, sessions, refresh_token });
        let hash = "SELECT hash FROM passwords ORDER BY account_id DESC LIMIT 1";
        let hash: String = database.superuser.query_one(hash, &[]).await?.get(0);
        database.seed(between, &hash).await?;
    }
    Ok(all)
}

/// Addresses come in no order, as people do.
async fn register(connection: &mut Connection) -> Outcome<Account> {
    let mut name = [0; 9];
    aws_lc_rs::rand::fill(&mut name).map_err(|_| "no randomness")?;
    let name = URL_SAFE_NO_PAD.encode(name);
    Account::register_as(connection, format!("{name}@example.com"), format!("a horse called {name}")).await
}

pub(crate) async fn register_all(connection: &mut Connection, number: usize) -> Outcome {
    for _ in 0..number {
        register(connection).await?;
    }
    Ok(())
}

/// Returns the new sessions.
pub(crate) async fn log_in(connection: &mut Connection, people: &[Person], new: &mut Vec<Session>) -> Outcome {
    for person in people {
        new.push(person.account.login(connection).await?);
    }
    Ok(())
}

pub(crate) async fn me(connection: &mut Connection, sessions: &[Session]) -> Outcome {
    for session in sessions {
        connection.ask(&Question::me(session)).await?.right()?;
    }
    Ok(())
}

pub(crate) async fn refresh(connection: &mut Connection, people: &mut [Person]) -> Outcome {
    for person in people {
        let answer = connection.ask(&Question::refresh(&person.refresh_token)).await?.right()?;
        let next = answer.pointer("/data/refreshToken/tokens/refreshToken").and_then(Value::as_str);
        person.refresh_token = next.ok_or("no refresh token")?.to_owned();
    }
    Ok(())
}

/// Of one of the two sessions.
pub(crate) async fn log_out(connection: &mut Connection, people: &[Person], which: usize) -> Outcome {
    for person in people {
        connection.ask(&Question::logout(&person.sessions[which])).await?.right()?;
    }
    Ok(())
}
