//! Accounts that were picked, and a connection over which they ask.

use std::time::Duration;

use portcullis::clock::Stopwatch;
use portcullis::ids::SessionId;
use portcullis::tokens::KeySet;
use portcullis::tokens::refresh::RefreshToken;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::operations::Operation;
use crate::support::Outcome;
use crate::support::client::{Connection, Question, Session};

/// An account, with one of its sessions.
pub(crate) struct Pick {
    pub(crate) session: Uuid,
    email: String,
    password: String,
    /// The session's newest.
    refresh_token: String,
    /// The session's, once it was refreshed.
    tokens: Option<Session>,
}

impl Pick {
    /// The session was never refreshed.
    pub(crate) fn new(email: String, password: &str, session: Uuid, keys: &KeySet) -> Self {
        let token = RefreshToken { session: SessionId(session), counter: 1 }.mint(keys);
        let (password, refresh_token) = (password.to_owned(), token.expose().to_owned());
        Self { session, email, password, refresh_token, tokens: None }
    }

    fn tokens(&self) -> Outcome<&Session> {
        Ok(self.tokens.as_ref().ok_or("the session was not refreshed yet")?)
    }
}

/// Asks for the one pick after the other.
pub(crate) struct Caller {
    address: String,
    connection: Connection,
    picks: Vec<Pick>,
    /// How many addresses it has made up.
    registered: usize,
}

impl Caller {
    pub(crate) async fn open(address: &str, picks: Vec<Pick>, registered: usize) -> Outcome<Self> {
        Ok(Self { address: address.to_owned(), connection: Connection::open(address).await?, picks, registered })
    }

    /// Over another connection: servers close those that are idle.
    pub(crate) async fn reconnect(&mut self) -> Outcome {
        self.connection = Connection::open(&self.address).await?;
        Ok(())
    }

    /// So many, with the picks divided among them.
    pub(crate) async fn split(self, parts: usize) -> Outcome<Vec<Self>> {
        let mut shares: Vec<Vec<Pick>> = std::iter::repeat_with(Vec::new).take(parts).collect();
        for (place, pick) in self.picks.into_iter().enumerate() {
            shares[place % parts].push(pick);
        }
        let mut callers = Vec::new();
        for picks in shares {
            callers.push(Self::open(&self.address, picks, self.registered).await?);
        }
        Ok(callers)
    }

    /// What goes on when the server has gone.
    pub(crate) fn close(self) -> (Vec<Pick>, usize) {
        (self.picks, self.registered)
    }

    pub(crate) fn email(&self, number: usize) -> &str {
        &self.picks[number % self.picks.len()].email
    }

    /// Those who sign in are not those whose sessions are used.
    pub(crate) fn half(&self) -> usize {
        self.picks.len() / 2
    }

    /// Asks once, and says how long the answer took.
    pub(crate) async fn ask(&mut self, operation: Operation, number: usize) -> Outcome<Duration> {
        let place = number % self.half() + if operation == Operation::Login { self.half() } else { 0 };
        let pick = &mut self.picks[place];
        let question = match operation {
            Operation::Me => Question::me(pick.tokens()?),
            Operation::Sessions => sessions(pick.tokens()?),
            Operation::Refresh => Question::refresh(&pick.refresh_token),
            Operation::Login => login(&pick.email, &pick.password),
            Operation::Register => {
                self.registered += 1;
                register(self.registered, &pick.password)
            }
            _ => return Err("servers are not asked for that".into()),
        };
        let watch = Stopwatch::start();
        let answer = self.connection.ask(&question).await?;
        let taken = watch.elapsed();
        let answer = answer.right().map_err(|error| format!("{}: {error}", operation.name()))?;
        if operation == Operation::Refresh {
            let tokens = Session::of(&answer, "refreshToken")?;
            pick.refresh_token.clone_from(&tokens.refresh_token);
            pick.tokens = Some(tokens);
        }
        Ok(taken)
    }
}

fn sessions(tokens: &Session) -> Question {
    let document = "{ me { __typename sessions(first: 20) { edges { node { id createdAt lastUsedAt } } } } }";
    Question::new(document, Value::Null, "/data/me/__typename", "User").by(tokens)
}

fn login(email: &str, password: &str) -> Question {
    let document = "mutation ($input: LoginInput!) { login(input: $input) { __typename \
         ... on LoginSuccess { user { id } tokens { accessToken refreshToken } } } }";
    let input = json!({ "input": { "identifier": email, "password": password } });
    Question::new(document, input, "/data/login/__typename", "LoginSuccess")
}

/// With an address that sorts anywhere among the others.
fn register(number: usize, password: &str) -> Question {
    let document = "mutation ($input: RegisterInput!) { register(input: $input) { __typename \
         ... on RegisterSuccess { tokens { accessToken refreshToken } } } }";
    let scattered = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let letters: String = format!("{scattered:08x}").bytes().map(|digit| char::from(b'a' + digit % 26)).collect();
    let input = json!({ "input": { "email": format!("{letters}.new.{number}@example.com"), "password": password } });
    Question::new(document, input, "/data/register/__typename", "RegisterSuccess")
}
