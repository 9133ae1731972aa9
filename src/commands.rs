//! Commands of the operator's that work on the database and end.

use std::io::Write;

use clap::Subcommand;
use portcullis::app::Console;
use portcullis::clock::{Clock, Timestamp};
use portcullis::config::{Config, Settings};
use portcullis::flows::keys::{list, rotate, rotate_at_once};
use portcullis::telemetry;
use portcullis::tokens::operate::{Listed, Replaced, Rotated};

use crate::serve::{Opened, Outcome, Signals, open_for_command, prepare, sentence, unless_stopped};

/// What can be done to keys.
#[derive(Clone, Copy, Subcommand)]
pub(crate) enum Keys {
    /// List the keys: those that will sign, the one that does, and those that did and have tokens alive.
    List,
    /// Make a key of PORTCULLIS_SIGNING_ALGORITHM that signs as soon as every copy of the JWKS has it. Tokens stay valid.
    Rotate {
        /// For a key that has leaked: the new key signs at once and all others are deleted. Every access token in the field
        /// is void, those of an attacker too; clients get new ones by their refresh tokens. A running server follows
        /// within a minute.
        #[arg(long)]
        now: bool,
    },
}

/// Does it and says what came of it.
pub(crate) async fn keys(settings: &Settings, command: Keys) -> Outcome {
    let config = settings.check()?;
    telemetry::init(&config.log, config.log_format);
    let said = unless_stopped(&mut Signals::new()?, async move {
        let opened = open_for_command(&config).await?;
        let said = on_database(config, &opened, command).await;
        opened.close().await?;
        said
    })
    .await?;
    let said = said.ok_or("stopped by a signal: what was asked for may have been done or not")?;
    // Whoever reads it may have read enough.
    let _ = std::io::stdout().write_all(said.as_bytes());
    Ok(())
}

async fn on_database(config: Config, opened: &Opened, command: Keys) -> Outcome<String> {
    // Whoever looks at keys does not mean to upgrade a database that others use.
    let config = Config { migrate: false, ..config };
    prepare(&config, opened.direct(), opened.private.is_some()).await?;
    let console = Console::new(config, opened.target.clone(), opened.secret()?, Clock::system()).map_err(sentence)?;
    let said = match command {
        Keys::List => list(&console).await.map(|keys| table(&keys)),
        Keys::Rotate { now: false } => rotate(&console).await.map(|rotated| rotation(&rotated)),
        Keys::Rotate { now: true } => rotate_at_once(&console).await.map(|replaced| replacement(&replaced)),
    };
    Ok(said.map_err(sentence)?)
}

fn rotation(rotated: &Rotated) -> String {
    match rotated {
        Rotated::Planned(Listed { kid, algorithm, activates_at, .. }) => {
            format!("Made the key {kid} ({algorithm}). It signs from {} on.\n", time(*activates_at))
        }
        Rotated::Waiting(Listed { kid, algorithm, activates_at, .. }) => format!(
            "Made none: the key {kid} ({algorithm}) is there already and signs from {} on.\n",
            time(*activates_at)
        ),
    }
}

fn replacement(Replaced { key, deleted }: &Replaced) -> String {
    format!(
        "Made the key {} ({}), which signs at once, and deleted {deleted}: all access tokens of before are void.\n",
        key.kid, key.algorithm
    )
}

fn table(keys: &[Listed]) -> String {
    if keys.is_empty() {
        return "There are no keys yet: the first start of the server makes them.\n".to_owned();
    }
    let mut table = row(["KID", "ALGORITHM", "STATE", "CREATED", "ACTIVATES", "GONE"]);
    for key in keys {
        table += &row([
            &key.kid.to_string(),
            &key.algorithm,
            key.state.as_str(),
            &time(key.created_at),
            &time(key.activates_at),
            &key.gone_at.map_or("-".to_owned(), time),
        ]);
    }
    table
}

fn row([kid, algorithm, state, created, activates, gone]: [&str; 6]) -> String {
    format!("{kid:36}  {algorithm:9}  {state:8}  {created:20}  {activates:20}  {gone}\n")
}

/// RFC 3339, to the second.
fn time(time: Timestamp) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
