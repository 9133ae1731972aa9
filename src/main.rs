//! The command line.

#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use portcullis::config::Settings;

mod commands;
mod serve;

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
    /// Serve until told to stop by SIGINT or SIGTERM (the default).
    Serve,
    /// Bring the database up to this version, and stop.
    Migrate,
    /// Show or rotate the keys that sign access tokens.
    #[command(subcommand)]
    Keys(commands::Keys),
    /// Print the GraphQL schema.
    Schema,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(&cli.settings).await,
        Command::Migrate => serve::migrate(&cli.settings).await,
        Command::Keys(command) => commands::keys(&cli.settings, command).await,
        Command::Schema => {
            // Whoever reads it may have read enough.
            let _ = std::io::stdout().write_all(portcullis::graphql::sdl().as_bytes());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("portcullis: {error}");
            ExitCode::FAILURE
        }
    }
}
