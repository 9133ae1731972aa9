//! Adding a passkey that the client has made.

use std::time::Duration;

use serde_json::Value;

use crate::app::{App, FreshlySignedIn};
use crate::client::Client;
use crate::clock::new_id;
use crate::error::{Error, Reason};
use crate::ids::PasskeyId;
use crate::mail;
use crate::passkeys::store::{Added, Addition, add, look};
use crate::passkeys::{BadPasskeyName, Passkey, PasskeyName, Refusal};
use crate::recovery_codes::{self, HashedCodes, RecoveryCode};
use crate::sessions::store::Asking;

/// The outcome of an addition.
pub(crate) enum Outcome {
    /// The account has the passkey. The codes are its recovery codes, if it had none.
    Success(Passkey, Vec<RecoveryCode>),
    /// It is not accepted, or an account has it already.
    Invalid,
    /// The challenge is over, or was answered before.
    Expired,
    /// This can't be its name.
    BadName(BadPasskeyName),
    /// The account has as many passkeys as it may have.
    TooMany,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Adds a passkey by the client's answer to what `startPasskey` asked. An account that has no recovery codes gets some.
///
/// # Errors
/// [`Error::Disabled`] where there are no passkeys; [`Error::Busy`] when too many passwords wait to be hashed;
/// [`Error::Unauthenticated`] when the session ended meanwhile; [`Error::Unavailable`] when the database is away.
pub(crate) async fn add_passkey(
    app: &App,
    client: &Client,
    fresh: &FreshlySignedIn,
    answer: &Value,
    name: Option<&str>,
) -> Result<Outcome, Error> {
    let passkeys = app.passkeys_are_on()?;
    let (account, session, now) = (fresh.caller().account(), fresh.caller().session(), app.clock.now());
    if let Err(retry_after) = app.limits.in_session(session.0.as_bytes(), now) {
        return Ok(Outcome::Limited(retry_after));
    }
    let name = match name.map_or_else(|| Ok(PasskeyName::default()), PasskeyName::parse) {
        Ok(name) => name,
        Err(why) => return Ok(Outcome::BadName(why)),
    };
    let new = match passkeys.check_registration(answer, account.id, now) {
        Ok(new) => new,
        Err(refusal) => {
            tracing::info!(account = %account.id, %refusal, "a new passkey is not accepted");
            return Ok(if refusal == Refusal::Expired { Outcome::Expired } else { Outcome::Invalid });
        }
    };
    let before = app.db.run(async |connection| look(connection, account.id, new.challenge).await).await?;
    if before.is_answered {
        return Ok(Outcome::Expired);
    }
    let (id, at) = (PasskeyId(new_id(now)), app.active_at(now));
    let mail = &app.notice_of_passkey((mail::Kind::PasskeyAdded, name.as_str()), account, client, now)?;
    let add_with = async |codes: &HashedCodes| {
        let asking = Asking { account: account.id, by: session, client };
        let addition = Addition { asking, id, passkey: &new, name: &name, codes, mail };
        let _turn = app.turn(account.id).await?;
        app.db.run(async |connection| add(connection, &addition, at).await).await
    };
    let (mut codes, mut hashed) = (Vec::new(), HashedCodes::default());
    if !before.has_codes {
        (codes, hashed) = new_codes(app).await?;
    }
    let mut added = add_with(&hashed).await?;
    // The last factor was removed meanwhile, and its codes with it.
    if matches!(added, Added::CodesLacking) {
        (codes, hashed) = new_codes(app).await?;
        added = add_with(&hashed).await?;
    }
    match added {
        Added::Done { has_new_codes } => {
            let codes = if has_new_codes { codes } else { Vec::new() };
            Ok(Outcome::Success(Passkey::new(id, &new, &name, now), codes))
        }
        Added::CodesLacking => Err(Error::internal("an addition with recovery codes that lacks them")),
        Added::Answered => Ok(Outcome::Expired),
        Added::TooMany => Ok(Outcome::TooMany),
        Added::Taken => {
            tracing::info!(account = %account.id, "a new passkey is not accepted: an account has one with its credential id");
            Ok(Outcome::Invalid)
        }
        Added::SessionEnded => Err(Error::Unauthenticated(Reason::SessionRevoked)),
    }
}

async fn new_codes(app: &App) -> Result<(Vec<RecoveryCode>, HashedCodes), Error> {
    recovery_codes::generate(&app.passwords.permit()?).await
}
