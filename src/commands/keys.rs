//! `portcullis keys`.

use clap::Subcommand;
use portcullis::StartError;
use portcullis::app::Operator;
use portcullis::tokens::operate::{Listed, Replaced, Rotated};
use portcullis::use_cases::keys::{list, rotate, rotate_at_once};

use super::time;
use crate::serve::Outcome;

/// What can be done to keys.
#[derive(Clone, Copy, Subcommand)]
pub(crate) enum Keys {
    /// List the keys: those that will sign, the one that does, and those that did and have tokens alive.
    List,
    /// Make a key of PORTCULLIS_SIGNING_ALGORITHM that signs as soon as every copy of the JWKS has it. Tokens stay valid.
    Rotate {
        /// For a key that has leaked: the new key signs at once and all others are deleted. Every access token in the field
        /// is void, those of an attacker too; clients get new ones by their refresh tokens. Running servers hear of it at
        /// once.
        #[arg(long)]
        now: bool,
    },
}

impl Keys {
    /// Does it. Returns what is to be said of it.
    pub(crate) async fn run(self, operator: &Operator<'_>) -> Outcome<String> {
        let said = match self {
            Self::List => list(operator).await.map(|keys| table(&keys)),
            Self::Rotate { now: false } => rotate(operator).await.map(|rotated| rotation(&rotated)),
            Self::Rotate { now: true } => rotate_at_once(operator).await.map(|replaced| replacement(&replaced)),
        };
        Ok(said.map_err(StartError::of)?)
    }
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
