//! The command line.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use portcullis::config::{self, Settings};

mod commands;
mod serve;

use commands::{Mail, Work};

/// An authentication server for applications: one binary and PostgreSQL, spoken to in GraphQL.
#[derive(Parser)]
#[command(name = "portcullis", version, arg_required_else_help = false)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until told to stop by SIGINT, SIGTERM, SIGHUP or SIGQUIT (the default).
    Serve,
    /// Bring the database up to this version, and stop.
    Migrate {
        /// Also take away what instances of the release before need: none of them may run any more.
        #[arg(long)]
        contract: bool,
    },
    /// Make, shut out or let in accounts.
    #[command(subcommand)]
    Accounts(commands::Accounts),
    /// Show or rotate the keys that sign access tokens.
    #[command(subcommand)]
    Keys(commands::Keys),
    /// Make, list or revoke the keys with which backends follow GET /revocations.
    #[command(subcommand)]
    ServiceKeys(commands::ServiceKeys),
    /// Look at the mails that the server sends, list those that were not sent, or try them again.
    #[command(subcommand)]
    Mail(Mail),
    /// Print the GraphQL schema.
    Schema,
}

/// How long the end of tasks is waited for that were not told to end.
const LONGEST_END: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    // A thread that is still in a call that blocks is not waited for, such as one whose database does not answer.
    let code = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(run());
            runtime.shutdown_timeout(LONGEST_END);
            code
        }
        Err(error) => {
            serve::complain(&format!("portcullis: {error}"));
            ExitCode::FAILURE
        }
    };
    // When the runtime has ended, so have its tasks, which may have logged something.
    portcullis::telemetry::flush();
    code
}

async fn run() -> ExitCode {
    serve::ignore_other_signals();
    let matches = config::parse(Cli::command(), std::env::args_os());
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches)).unwrap_or_else(|error| error.exit());
    let done = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(&cli.settings).await,
        Command::Migrate { contract } => serve::migrate(&cli.settings, contract).await,
        Command::Accounts(command) => commands::run(&cli.settings, Work::Accounts(command)).await,
        Command::Keys(command) => commands::run(&cli.settings, Work::Keys(command)).await,
        Command::ServiceKeys(command) => commands::run(&cli.settings, Work::ServiceKeys(command)).await,
        Command::Mail(Mail::Preview(command)) => command.run(&cli.settings),
        Command::Mail(Mail::Outbox(command)) => commands::run(&cli.settings, Work::Outbox(command)).await,
        Command::Schema => {
            serve::say(&portcullis::graphql::sdl());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            serve::complain(&format!("portcullis: {error}"));
            ExitCode::FAILURE
        }
    }
}
