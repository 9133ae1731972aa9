//! Those who send requests, one at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::day::Day;
use crate::support::Outcome;
use crate::support::client::{Account, Answer, Connection, Question, Session};
use crate::support::passkey::Passkey;
use crate::support::wire::Wire;
use crate::update::Updater;

pub(crate) enum Client {
    /// The same request each time.
    Wire(Wire),
    /// The same operation each time, with answers that differ.
    Asking(Connection, Question),
    /// Two requests that count as one.
    Passkey(Connection, Arc<Passkey>),
    /// Of numbers that nobody has registered.
    Registering(Connection, Arc<AtomicUsize>),
    /// Of sessions that others have opened, until there is none left.
    LoggingOut(Connection, Arc<Mutex<Vec<Session>>>),
    /// Its sessions in turn, each with its newest token.
    Refreshing(Connection, Vec<String>),
    Day(Box<Day>),
    /// PostgreSQL without a server in between.
    Updating(Updater),
}

impl Client {
    /// Sends the next request. `None` when there is nothing left to send.
    pub(crate) async fn ask(&mut self) -> Outcome<Option<Answer>> {
        let answer = match self {
            Self::Wire(wire) => wire.ask().await,
            Self::Asking(connection, question) => connection.ask(question).await,
            Self::Passkey(connection, passkey) => passkey.sign_in(connection).await,
            Self::Registering(connection, next) => {
                let (email, password) = Account::names(next.fetch_add(1, Ordering::Relaxed));
                connection.ask(&Question::register(&email, &password)).await
            }
            Self::LoggingOut(connection, sessions) => {
                let session = sessions.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let Some(session) = session else { return Ok(None) };
                connection.ask(&Question::logout(&session)).await
            }
            Self::Refreshing(connection, tokens) => refresh(connection, tokens).await,
            Self::Day(day) => day.ask().await,
            Self::Updating(updater) => updater.ask().await,
        };
        answer.map(Some)
    }
}

async fn refresh(connection: &mut Connection, tokens: &mut [String]) -> Outcome<Answer> {
    let answer = connection.ask(&Question::refresh(&tokens[0])).await?;
    if let Answer::Right(answer) = &answer {
        tokens[0] = Session::of(answer, "refreshToken")?.refresh_token;
        tokens.rotate_left(1);
    }
    Ok(answer)
}
