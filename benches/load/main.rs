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
//! a token, its session and its account; `login` adds a password hash. A sign-in by passkey has no hash, and two requests, between
//! which the load generator signs. The last two rows run at once: what a login storm does to `me`. Any error makes the exit status 1.
//!
//! Server, PostgreSQL and load generator share the processors, so the figures are a lower bound of what the server does.
//! They mean something on a machine that does nothing else.

mod argon;
mod load;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use portcullis::config::Argon2Cost;

use load::{Load, run};
use support::Outcome;
use support::client::{self, Account, Connection, Question};
use support::directory::Directory;
use support::passkey::{self, Passkey};
use support::run::at_least_one;
use support::server::Server;

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
    /// Seconds for each of the eight measurements; the access tokens outlive eight times sixty.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Connections that send `{ __typename }` or `me`.
    #[arg(long, default_value_t = 32, value_parser = at_least_one)]
    me_connections: usize,
    /// Connections that send `login`, or sign in by passkey.
    #[arg(long, default_value_t = 16, value_parser = at_least_one)]
    login_connections: usize,
    /// PORTCULLIS_SESSION_CACHE of the server. With 0 it asks the database about every caller.
    #[arg(long)]
    session_cache: Option<usize>,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let longest = Duration::from_secs(8 * arguments.seconds) + SLACK;
    support::run::run("load", longest, measure(arguments)).await
}

/// Measures and prints everything. Returns how many requests went wrong.
async fn measure(arguments: Arguments) -> Outcome<usize> {
    let duration = Duration::from_secs(arguments.seconds);
    let threads = std::thread::available_parallelism()?.get();
    let directory = Directory::make("load")?;
    let server = start(&directory, threads, arguments.session_cache).await?;
    // Those that have passkeys are asked for them at a login.
    let mut accounts = client::register(&server.address, 2 * ACCOUNTS).await?;
    let passkeys = add_passkeys(&server.address, &accounts.split_off(ACCOUNTS)).await?;

    let one = argon::rate(COST, 1, duration).await?;
    let all = argon::rate(COST, threads, duration).await?;
    table::argon(COST, threads, one, all);

    let address = server.address.as_str();
    let typename = || Load::new("{ __typename }", arguments.me_connections, vec![Question::typename()]);
    let me = |name, connections| {
        Load::new(name, connections, accounts.iter().map(|account| Question::me(&account.session)).collect())
    };
    let login = |name, connections| Load::new(name, connections, accounts.iter().map(Question::login).collect());

    table::head();
    let mut errors = table::row(&run(address, typename(), duration).await?);
    errors += table::row(&run(address, me("me", arguments.me_connections), duration).await?);
    let logins = run(address, login("login", arguments.login_connections), duration).await?;
    errors += table::row(&logins) + logins.busy;
    let by_passkey = Load::by_passkey("passkey sign-in", arguments.login_connections, &passkeys);
    let by_passkey = run(address, by_passkey, duration).await?;
    errors += table::row(&by_passkey) + by_passkey.busy;
    let quiet = run(address, me("me", BESIDE_STORM), duration).await?;
    errors += table::row(&quiet);
    let (beside, storm) = tokio::try_join!(
        run(address, me("me, in a storm", BESIDE_STORM), duration),
        run(address, login("login, the storm", STORM), duration),
    )?;
    errors += table::row(&beside) + table::row(&storm);

    table::share_of_argon(&[&logins, &storm], all);
    table::slowdown(&quiet, &beside);
    table::of_passkeys(&by_passkey, &logins);
    server.stop().await?;
    Ok(errors)
}

/// Gives each of these accounts a passkey.
async fn add_passkeys(address: &str, accounts: &[Account]) -> Outcome<Vec<Arc<Passkey>>> {
    let mut connection = Connection::open(address).await?;
    let mut passkeys = Vec::with_capacity(accounts.len());
    for account in accounts {
        passkeys.push(Arc::new(Passkey::add(&mut connection, account).await?));
    }
    Ok(passkeys)
}

/// With a private PostgreSQL in this directory.
async fn start(directory: &Directory, threads: usize, session_cache: Option<usize>) -> Outcome<Server> {
    let (memory, iterations, lanes) =
        (COST.memory_kib.to_string(), COST.iterations.to_string(), COST.parallelism.to_string());
    let (threads, cache) = (threads.to_string(), session_cache.map(|number| number.to_string()));
    let mut settings = vec![
        ("PORTCULLIS_DATA_DIR", directory.path().to_str().ok_or("the directory's name is not UTF-8")?),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", &memory),
        ("PORTCULLIS_ARGON2_ITERATIONS", &iterations),
        ("PORTCULLIS_ARGON2_PARALLELISM", &lanes),
        ("PORTCULLIS_HASHING_THREADS", &threads),
    ];
    settings.extend(passkey::SETTINGS);
    settings.extend(cache.as_deref().map(|number| ("PORTCULLIS_SESSION_CACHE", number)));
    Server::start(&settings).await
}
