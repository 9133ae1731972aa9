//! Load on the release binary, over loopback: how many requests a second it answers, how long they take, and how much of the
//! machine's Argon2id its logins reach.
//!
//! ```text
//! cargo bench --bench load
//! cargo bench --bench load -- --seconds 5 --me-connections 64 --login-connections 32
//! ```
//!
//! It starts the server with a private PostgreSQL in a fresh directory, and stops and removes both in the end. Each row of
//! the table is `--seconds` of so many keep-alive connections that each send the next request when the last is answered: a
//! closed loop, so a slow server also gets fewer requests. `{ __typename }` is HTTP and GraphQL without any work; `me` adds
//! a token, its session and its account; `login` adds a password hash. The last two rows run at once: what a login storm
//! does to `me`. Any error makes the exit status 1.
//!
//! Server, PostgreSQL and load generator share the processors, so the figures are a lower bound of what the server does.
//! They mean something on a machine that does nothing else.

mod argon;
mod client;
mod load;
mod server;
mod table;

use std::error::Error;
use std::num::NonZero;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use portcullis::config::Argon2Cost;
use tokio::signal::unix::{SignalKind, signal};

use client::Question;
use load::{Load, run};
use server::Server;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The settings' defaults, handed to the server so that both hash alike.
const COST: Argon2Cost = Argon2Cost { memory_kib: 19456, iterations: 2, parallelism: 1 };
const ACCOUNTS: usize = 4;
const STORM: usize = 64;
const BESIDE_STORM: usize = 8;
/// How much longer than its measurements the whole run may take.
const SLACK: Duration = Duration::from_secs(120);

/// Measures the server under load.
#[derive(Parser)]
struct Arguments {
    /// Seconds for each of the seven measurements; the access tokens outlive seven times sixty.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Connections that send `{ __typename }` or `me`.
    #[arg(long, default_value_t = 32, value_parser = at_least_one)]
    me_connections: usize,
    /// Connections that send `login`.
    #[arg(long, default_value_t = 16, value_parser = at_least_one)]
    login_connections: usize,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse::<NonZero<usize>>().map(NonZero::get).map_err(|error| error.to_string())
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let longest = Duration::from_secs(7 * arguments.seconds) + SLACK;
    let measured = tokio::select! {
        measured = measure(arguments) => measured,
        error = told_to_stop() => Err(error),
        () = tokio::time::sleep(longest) => Err("requests are left without an answer".into()),
    };
    match measured {
        Ok(0) => ExitCode::SUCCESS,
        Ok(errors) => {
            eprintln!("load: {errors} errors");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Lets the server be stopped, and its directory be removed, on the way out.
async fn told_to_stop() -> Box<dyn Error + Send + Sync> {
    let (mut interrupt, mut terminate) = match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
        (Err(error), _) | (_, Err(error)) => return error.into(),
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    "stopped by a signal".into()
}

/// Measures and prints everything. Returns how many requests went wrong.
async fn measure(arguments: Arguments) -> Outcome<usize> {
    let duration = Duration::from_secs(arguments.seconds);
    let threads = std::thread::available_parallelism()?.get();
    let server = Server::start(COST, threads).await?;
    let accounts = client::register(&server.address, ACCOUNTS).await?;

    let one = argon::rate(COST, 1, duration).await?;
    let all = argon::rate(COST, threads, duration).await?;
    table::argon(COST, threads, one, all);

    let address = server.address.as_str();
    let typename = || Load::new("{ __typename }", arguments.me_connections, vec![Question::typename()]);
    let me = |name, connections| Load::new(name, connections, accounts.iter().map(Question::me).collect());
    let login = |name, connections| Load::new(name, connections, accounts.iter().map(Question::login).collect());

    table::head();
    let mut errors = table::row(&run(address, typename(), duration).await?);
    errors += table::row(&run(address, me("me", arguments.me_connections), duration).await?);
    let logins = run(address, login("login", arguments.login_connections), duration).await?;
    errors += table::row(&logins) + logins.busy;
    let quiet = run(address, me("me", BESIDE_STORM), duration).await?;
    errors += table::row(&quiet);
    let (beside, storm) = tokio::try_join!(
        run(address, me("me, in a storm", BESIDE_STORM), duration),
        run(address, login("login, the storm", STORM), duration),
    )?;
    errors += table::row(&beside) + table::row(&storm);

    table::share_of_argon(&[&logins, &storm], all);
    table::slowdown(&quiet, &beside);
    server.stop().await?;
    Ok(errors)
}
