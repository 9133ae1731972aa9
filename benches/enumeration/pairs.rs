//! Requests about something that exists, and the same about something that does not.

use std::net::Ipv4Addr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::clock::Stopwatch;
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::support::Outcome;
use crate::support::client::{Account, Connection, Question};
use crate::support::times::percentile;

/// Rows that log in.
pub(crate) const LOGINS: usize = 5;

/// Failed logins of one address that are written down; the next pairs come from another.
const PAIRS_OF_AN_ADDRESS: usize = 50;

type Ask<'a> = Box<dyn Fn(usize) -> Question + 'a>;

/// What is compared.
pub(crate) struct Row<'a> {
    pub(crate) name: String,
    pub(crate) there: Ask<'a>,
    pub(crate) not_there: Ask<'a>,
    /// Whether all come from one address, so that nothing is written down any more.
    pub(crate) one_address: bool,
}

/// What came of it.
pub(crate) struct Compared {
    /// Medians, in milliseconds.
    pub(crate) there: f64,
    pub(crate) not_there: f64,
    /// Whether all answers were the same.
    pub(crate) alike: bool,
    pub(crate) difference: String,
}

/// Gives every account a username and shuts out the last share of them. Returns the sessions that there are.
pub(crate) async fn prepare(operator: &Client) -> Outcome<Vec<Uuid>> {
    operator.batch_execute("UPDATE accounts SET username = split_part(email, '@', 1)").await?;
    let shut = "UPDATE accounts SET disabled_at = now() \
         WHERE id IN (SELECT id FROM accounts ORDER BY created_at DESC LIMIT (SELECT count(*) / $1 FROM accounts))";
    operator.execute(shut, &[&i64::try_from(LOGINS)?]).await?;
    let rows = operator.query("SELECT id::text FROM sessions", &[]).await?;
    Ok(rows.iter().map(|row| row.get::<_, &str>(0).parse()).collect::<Result<_, _>>()?)
}

/// Each row asks about accounts of its own, and about as many that do not exist: each is asked about equally often.
pub(crate) fn rows<'a>(accounts: &'a [Account], sessions: &'a [Uuid]) -> Vec<Row<'a>> {
    let mut shares = accounts.chunks_exact(accounts.len() / LOGINS).enumerate();
    let mut by_login = |name: &str, by: fn(&Account) -> String, right: bool, length: usize, one_address| {
        let (row, share) = shares.next().unwrap_or((0, accounts));
        let wrong = "wrong ".repeat(length);
        let unknown = move |number: usize| Account::unregistered(&format!("nobody{row}-{}", number % share.len()));
        Row {
            name: name.to_owned(),
            there: Box::new({
                let wrong = wrong.clone();
                move |number| {
                    let account = &share[number % share.len()];
                    login(&by(account), if right { &account.password } else { &wrong })
                }
            }),
            not_there: Box::new(move |number| login(&by(&unknown(number)), &wrong)),
            one_address,
        }
    };
    let email: fn(&Account) -> String = |account| account.email.clone();
    let username: fn(&Account) -> String = |account| account.email.split('@').next().unwrap_or_default().to_owned();
    let mut rows = vec![
        by_login("login by e-mail address, wrong password", email, false, 5, false),
        by_login("the same, too many to be written down", email, false, 5, true),
        by_login("login by username, wrong password", username, false, 5, false),
        by_login("login with an endless password", email, false, 1000, false),
        // The last share is of accounts that are shut out.
        by_login("login to a disabled account, right password", email, true, 5, false),
    ];
    let by_token = |name: &str, ask: fn(&str) -> Question| Row {
        name: name.to_owned(),
        there: Box::new(move |number| ask(&forged(sessions[number % sessions.len()]))),
        not_there: Box::new(move |_| ask(&forged(Uuid::new_v4()))),
        one_address: false,
    };
    rows.push(by_token("refreshToken, forged for a session", refresh));
    rows.push(by_token("logout, forged for a session", logout));
    rows
}

fn login(identifier: &str, password: &str) -> Question {
    let document =
        "mutation ($input: LoginInput!) { login(input: $input) { __typename ... on UserError { code message } } }";
    Question::of(document, json!({ "input": { "identifier": identifier, "password": password } }))
}

fn refresh(token: &str) -> Question {
    let document = "mutation ($input: RefreshTokenInput!) { refreshToken(input: $input) { __typename \
         ... on InvalidRefreshToken { reason message } } }";
    Question::of(document, json!({ "input": { "refreshToken": token } }))
}

fn logout(token: &str) -> Question {
    let document = "mutation ($input: LogoutInput) { logout(input: $input) { ended } }";
    Question::of(document, json!({ "input": { "refreshToken": token } }))
}

/// A refresh token of the right form, with a MAC that somebody made up.
fn forged(session: Uuid) -> String {
    let (session, mac) = (URL_SAFE_NO_PAD.encode(session.as_bytes()), URL_SAFE_NO_PAD.encode([7; 32]));
    format!("pcr_{session}.1.{mac}")
}

pub(crate) async fn compare(address: &str, row: &Row<'_>, tries: usize) -> Outcome<Compared> {
    let mut connection = Connection::open(address).await?;
    let (mut there, mut not_there) = (Vec::with_capacity(tries), Vec::with_capacity(tries));
    let mut answers: Vec<Value> = Vec::new();
    for number in 0..tries {
        if !row.one_address && number % PAIRS_OF_AN_ADDRESS == 0 {
            let [high, low] = u16::try_from(number / PAIRS_OF_AN_ADDRESS)?.to_be_bytes();
            let source = Ipv4Addr::new(127, row.name.len() as u8, high, low.wrapping_add(1));
            connection = Connection::open_from(source, address).await?;
        }
        let pair = [(&row.there, &mut there), (&row.not_there, &mut not_there)];
        let turned = if number % 2 == 0 {
            pair
        } else {
            pair.into_iter().rev().collect::<Vec<_>>().try_into().map_err(|_| "a pair")?
        };
        for (ask, times) in turned {
            let question = ask(number);
            let watch = Stopwatch::start();
            let (status, body) = connection.send(&question).await?;
            times.push(watch.elapsed());
            let answer = json!([status.as_u16(), String::from_utf8_lossy(&body)]);
            if !answers.contains(&answer) {
                answers.push(answer);
            }
        }
    }
    there.sort_unstable();
    not_there.sort_unstable();
    Ok(Compared {
        there: percentile(&there, 0.5),
        not_there: percentile(&not_there, 0.5),
        alike: answers.len() == 1,
        difference: json!(answers).to_string(),
    })
}
