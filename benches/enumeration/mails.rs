//! Asking for mails to addresses that have an account, and to others that have none.

use serde_json::json;
use tokio_postgres::Client;

use crate::pairs::Row;
use crate::support::Outcome;
use crate::support::client::{Account, Question};

/// How many times as often as others these rows are asked. They are over in a millisecond or two, most of it the disk's, which varies.
pub(crate) const OFTEN: usize = 4;

/// Makes as many accounts as there are tries, and as many that are shut out. Each is asked about once by each row, because mails
/// of one kind to one address wait for each other.
pub(crate) async fn prepare(operator: &Client, tries: usize) -> Outcome<()> {
    let accounts = "INSERT INTO accounts (id, email, created_at, disabled_at) \
         SELECT gen_random_uuid(), kind || n || '@example.com', now(), CASE kind WHEN 'shut' THEN now() END \
         FROM generate_series(0, $1::bigint - 1) n, (VALUES ('has'), ('shut')) AS kinds (kind)";
    operator.execute(accounts, &[&i64::try_from(tries)?]).await?;
    Ok(())
}

type Start = fn(&str) -> Question;

/// What asks for a mail.
const STARTS: [(&str, Start); 3] =
    [("register", register), ("startPasswordReset", start_password_reset), ("startEmailSignIn", start_email_sign_in)];

/// The rows: an account and none, and one that is shut out and none; and another account for whoever changes their address.
pub(crate) fn rows(accounts: &[Account]) -> Vec<Row<'_>> {
    let kinds = [("has", "an address with an account"), ("shut", "that of a disabled account")];
    let row = |(kind, about), (name, ask): (&str, Start)| Row {
        name: format!("{name}, {about}"),
        there: Box::new(move |number| ask(&format!("{kind}{number}@example.com"))),
        not_there: Box::new(move |number| ask(&format!("{kind}-not{number}@example.com"))),
        one_address: false,
    };
    let mut rows: Vec<_> = kinds.into_iter().flat_map(|kind| STARTS.map(|start| row(kind, start))).collect();
    let change = move |number: usize, kind: &str| {
        start_email_change(&accounts[number % accounts.len()], &format!("{kind}{number}@example.com"))
    };
    rows.push(Row {
        name: "startEmailChange, to another's address".to_owned(),
        there: Box::new(move |number| change(number, "has")),
        not_there: Box::new(move |number| change(number, "has-not")),
        one_address: false,
    });
    rows
}

fn register(email: &str) -> Question {
    let document =
        "mutation ($input: RegisterInput!) { register(input: $input) { __typename ... on UserError { message } } }";
    Question::of(document, json!({ "input": { "email": email, "password": "correct horse battery staple" } }))
}

fn start_password_reset(email: &str) -> Question {
    start("startPasswordReset", email)
}

fn start_email_sign_in(email: &str) -> Question {
    start("startEmailSignIn", email)
}

fn start_email_change(account: &Account, new: &str) -> Question {
    let document = "mutation ($input: StartEmailChangeInput!) { startEmailChange(input: $input) { __typename ... on UserError { message } } }";
    Question::of(document, json!({ "input": { "newEmail": new } })).by(&account.session)
}

fn start(field: &str, email: &str) -> Question {
    let document = format!(
        "mutation ($input: StartEmailInput!) {{ {field}(input: $input) {{ __typename ... on UserError {{ message }} }} }}"
    );
    Question::of(&document, json!({ "input": { "email": email } }))
}
