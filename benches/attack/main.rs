//! Attacks on the release binary with its default limits, while somebody uses it.
//!
//! ```text
//! cargo bench --bench attack
//! ```
//!
//! It starts the server with a private PostgreSQL in a fresh directory, and stops and removes both in the end. From one address
//! somebody asks for `me` all the time, a hundred times a second; first alone, then during each attack: a thousand logins as aliases, slow
//! clients that hold connections, and ten thousand wrong passwords for one account from a hundred addresses, whose owner signs in
//! from another meanwhile. The exit status is 1 if `me` is not answered, the owner is refused, or more passwords are compared than the
//! limits say.

mod aliases;
mod passwords;
mod slow;
#[path = "../support/mod.rs"]
mod support;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use support::Outcome;
use support::client::{Account, Connection};
use support::directory::Directory;
use support::run::at_least_one;
use support::server::Server;
use watch::{USER, Watch};

/// Longest that all attacks may take.
const LONGEST: Duration = Duration::from_secs(600);

/// Attacks the server and watches what it does to others.
#[derive(Parser)]
struct Arguments {
    /// Wrong passwords for one account.
    #[arg(long, default_value_t = 10_000, value_parser = at_least_one)]
    passwords: usize,
    /// Addresses that they come from.
    #[arg(long, default_value_t = 100, value_parser = at_least_one)]
    addresses: usize,
    /// Slow clients.
    #[arg(long, default_value_t = 200, value_parser = at_least_one)]
    slow: usize,
    /// Logins as aliases.
    #[arg(long, default_value_t = 1000, value_parser = at_least_one)]
    aliases: usize,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    support::run::run("attack", LONGEST, attack(arguments)).await
}

/// Carries out all attacks and prints what came of them. Returns how many things went wrong.
async fn attack(arguments: Arguments) -> Outcome<usize> {
    let directory = Directory::make("attack")?;
    let data = directory.path().to_str().ok_or("the directory's name is not UTF-8")?;
    let settings = [("PORTCULLIS_DATA_DIR", data), ("PORTCULLIS_ENV", "production"), ("PORTCULLIS_RATE_LIMITS", "on")];
    let server = Server::start(&settings).await?;
    let address = server.address.clone();
    let owner = Account::register(&mut Connection::open_from(USER, &address).await?, 0).await?;

    let watch = Watch::new(&address, &owner);
    watch::head();
    let (mut wrong, ()) = watch.during("nothing else", quiet()).await?;
    let (missed, said) =
        watch.during("logins as aliases", aliases::attack(&address, &owner, arguments.aliases)).await?;
    wrong += missed + aliases::tell(&said);
    let (missed, said) = watch.during("slow clients", slow::attack(&address, arguments.slow)).await?;
    wrong += missed + slow::tell(&said);
    let attack = passwords::attack(&address, &owner, arguments.addresses, arguments.passwords);
    let (missed, said) = watch.during("wrong passwords", attack).await?;
    wrong += missed + passwords::tell(&said);
    server.stop().await?;
    Ok(wrong)
}

async fn quiet() -> Outcome {
    tokio::time::sleep(Duration::from_secs(5)).await;
    Ok(())
}
