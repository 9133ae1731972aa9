//! A day of an application: mostly callers who are known, now and then something else.

use serde_json::Value;

use crate::support::Outcome;
use crate::support::client::{Account, Answer, Connection, Question, Session};
use crate::support::random::Random;

/// Of a hundred requests.
const ME: u64 = 90;
const REFRESHES: u64 = 7;
const LOGINS: u64 = 2;

/// Somebody with an application that is open, who signs in elsewhere as well.
pub(crate) struct Day {
    connection: Connection,
    account: Account,
    elsewhere: Option<Session>,
    random: Random,
}

impl Day {
    pub(crate) fn new(connection: Connection, account: Account, seed: u64) -> Self {
        Self { connection, account, elsewhere: None, random: Random(seed) }
    }

    pub(crate) async fn ask(&mut self) -> Outcome<Answer> {
        match self.random.below(100) {
            0..ME => self.connection.ask(&Question::me(&self.account.session)).await,
            drawn if drawn < ME + REFRESHES => {
                let answer = self.connection.ask(&Question::refresh(&self.account.session.refresh_token)).await?;
                if let Answer::Right(answer) = &answer {
                    self.account.session = Session::of(answer, "refreshToken")?;
                }
                Ok(answer)
            }
            drawn if drawn < ME + REFRESHES + LOGINS => {
                let answer = self.connection.ask(&Question::login(&self.account)).await?;
                if let Answer::Right(answer) = &answer {
                    self.elsewhere = Some(Session::of(answer, "login")?);
                }
                Ok(answer)
            }
            _ => self.rest().await,
        }
    }

    /// Ends the session elsewhere, or looks where there are sessions.
    async fn rest(&mut self) -> Outcome<Answer> {
        if let Some(session) = self.elsewhere.take() {
            return self.connection.ask(&Question::logout(&session)).await;
        }
        let document = "{ me { __typename sessions(first: 10) { nodes { id createdAt lastUsedAt } } } }";
        let list = Question::new(document, Value::Null, "/data/me/__typename", "User");
        self.connection.ask(&list.by(&self.account.session)).await
    }
}
