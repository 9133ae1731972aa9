//! Renaming a passkey.

use std::time::Duration;

use crate::app::{App, SignedIn};
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::ids::PasskeyId;
use crate::passkeys::store::{Renamed, rename};
use crate::passkeys::{BadPasskeyName, Passkey, PasskeyName};
use crate::sessions::store::Asking;

/// The outcome of a change of the name.
pub(crate) enum Outcome {
    /// The passkey as it is now.
    Success(Passkey),
    /// The account has no passkey with this id.
    NotFound,
    /// This can't be its name.
    BadName(BadPasskeyName),
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Gives a passkey of the caller's another name.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session ended meanwhile; [`Error::Unavailable`] when the database is away.
pub(crate) async fn rename_passkey(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    id: PasskeyId,
    name: &str,
) -> Result<Outcome, Error> {
    let (account, session, now) = (caller.account().id, caller.session(), app.clock.now());
    if let Err(retry_after) = app.limits.in_session(session.0.as_bytes(), now) {
        return Ok(Outcome::Limited(retry_after));
    }
    let name = match PasskeyName::parse(name) {
        Ok(name) => name,
        Err(why) => return Ok(Outcome::BadName(why)),
    };
    let asking = Asking { account, by: session, client };
    let turn = app.turn(account).await?;
    let at = app.active_at(now);
    let renamed = app.db.run(async |connection| rename(connection, &asking, id, &name, at).await).await?;
    drop(turn);
    match renamed {
        Renamed::Done(passkey) => Ok(passkey.map_or(Outcome::NotFound, Outcome::Success)),
        Renamed::SessionEnded => Err(Error::Unauthenticated(Reason::SessionRevoked)),
    }
}
