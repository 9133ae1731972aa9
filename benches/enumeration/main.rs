//! Whether the time of an answer tells who has an account.
//!
//! ```text
//! cargo bench --bench enumeration
//! cargo bench --bench enumeration -- --tries 1000
//! ```
//!
//! It starts the release binary with the default cost of a password and with limits so wide that none is met, on a private PostgreSQL
//! in a fresh directory. Each row is so many pairs of requests, one about something that exists and one about something that does not,
//! by turns the one or the other first. The two answers must be the same to the byte, and the medians of their times within
//! `--within` percent of each other; anything else makes the exit status 1.

mod mails;
mod pairs;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use support::Outcome;
use support::client;
use support::directory::Directory;
use support::postgres::Postgres;
use support::run::at_least_one;
use support::server::{SECRET, Server};

/// Accounts that exist; each is asked about many times.
const ACCOUNTS: usize = 100;

/// Longest that a try, with its counterpart, may take.
const SLOWEST: Duration = Duration::from_millis(500);

/// How much longer than its tries the whole run may take.
const SLACK: Duration = Duration::from_secs(120);

/// The limits work, and nobody meets them.
const WIDE: [(&str, &str); 11] = [
    ("PORTCULLIS_RATE_LIMITS", "on"),
    ("PORTCULLIS_LIMIT_ATTEMPTS", "1000000/1s"),
    ("PORTCULLIS_LIMIT_LOGIN", "1000000/1s"),
    ("PORTCULLIS_LIMIT_LOGIN_ACCOUNT", "1000000/1s"),
    ("PORTCULLIS_LIMIT_LOGIN_ADDRESS", "1000000/1s"),
    ("PORTCULLIS_LIMIT_SESSIONS", "1000000/1s"),
    ("PORTCULLIS_LIMIT_REGISTER", "1000000/1s"),
    ("PORTCULLIS_LIMIT_REQUESTS", "1000000/1s"),
    ("PORTCULLIS_LIMIT_MAIL", "1000000/1s"),
    ("PORTCULLIS_LIMIT_MAIL_RECIPIENT", "1000000/1s"),
    ("PORTCULLIS_LIMIT_MAIL_RECIPIENT_DAY", "1000000/1s"),
];

/// Compares what exists with what does not.
#[derive(Parser)]
struct Arguments {
    /// Pairs of requests in each row; four times as many in those that ask for mails.
    #[arg(long, default_value_t = 300, value_parser = at_least_one)]
    tries: usize,
    /// How far, in percent, the medians of a pair may be from each other.
    #[arg(long, default_value_t = 5.0)]
    within: f64,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let longest = SLOWEST * u32::try_from((7 + 7 * mails::OFTEN) * arguments.tries).unwrap_or(u32::MAX) + SLACK;
    support::run::run("enumeration", longest, measure(arguments)).await
}

/// Measures and prints everything. Returns how many rows tell something.
async fn measure(arguments: Arguments) -> Outcome<usize> {
    let directory = Directory::make("enumeration")?;
    let postgres = Postgres::start(&directory).await?;
    let settings = [&[("DATABASE_URL", postgres.url()), SECRET], WIDE.as_slice()].concat();
    let server = Server::start(&settings).await?;
    let accounts = client::register(&server.address, ACCOUNTS).await?;
    let sessions = pairs::prepare(&postgres.operator).await?;
    mails::prepare(&postgres.operator, arguments.tries * mails::OFTEN).await?;
    // From here on registrations are confirmed by mail. Mails are written as files that nobody reads.
    server.stop().await?;
    let mails = directory.path().join("mails");
    std::fs::create_dir(&mails)?;
    let mails = ("PORTCULLIS_MAIL_DIR", mails.to_str().ok_or("a path in UTF-8")?);
    let settings = [settings.as_slice(), &[mails, ("PORTCULLIS_EMAIL_VERIFICATION", "required")]].concat();
    let server = Server::start(&settings).await?;
    println!("{} pairs a row; medians in milliseconds", arguments.tries);
    println!("{:50}{:>10}{:>10}{:>9}", "", "exists", "does not", "ratio");
    let mut telling = 0;
    let enabled = &accounts[..accounts.len() - accounts.len() / pairs::LOGINS];
    let rows = pairs::rows(&accounts, &sessions).into_iter().map(|row| (row, arguments.tries));
    let of_mails = mails::rows(enabled).into_iter().map(|row| (row, arguments.tries * mails::OFTEN));
    for (row, tries) in rows.chain(of_mails) {
        let compared = pairs::compare(&server.address, &row, tries).await?;
        let ratio = compared.there / compared.not_there;
        println!("{:50}{:10.3}{:10.3}{ratio:9.3}", row.name, compared.there, compared.not_there);
        if !compared.alike {
            println!("  the answers differ: {}", compared.difference);
        }
        telling += usize::from(!compared.alike || (ratio - 1.0).abs() * 100.0 > arguments.within);
    }
    server.stop().await?;
    postgres.stop().await?;
    Ok(telling)
}
