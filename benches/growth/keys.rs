//! The keys of a database, by which refresh tokens of seeded sessions are made.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};
use portcullis::app::App;
use portcullis::clock::Clock;
use portcullis::config::{DatabaseChoice, Secret, Settings};
use portcullis::tokens::KeySet;

use crate::support::Outcome;
use crate::support::server::SECRET;

const PATIENCE: Duration = Duration::from_secs(30);

/// As an instance reads them that starts on this database, which has been migrated.
pub(crate) async fn key_set(url: &str) -> Outcome<Arc<KeySet>> {
    let command = Settings::augment_args(Command::new("growth")).mut_args(|arg| arg.env(None::<&str>));
    let flags =
        ["growth", "--database-url", url, "--secret", SECRET.1, "--hashing-threads=1", "--email-verification=off"];
    let matches = portcullis::config::parse(command, flags)?;
    let config = Settings::from_arg_matches(&matches)?.check().map_err(|faults| faults.to_string())?;
    let DatabaseChoice::External { target, .. } = config.database.clone() else { return Err("no database".into()) };
    let target = target.probed(PATIENCE).await.map_err(|_| "the database does not answer")?;
    let secret = Secret::new(SECRET.1.as_bytes()).ok_or("the secret is too short")?;
    let app = App::start(config, target, &secret, Clock::system()).await.map_err(|_| "the keys can't be read")?;
    Ok(app.keys.current())
}
