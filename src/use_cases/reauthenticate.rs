//! Proving again, in a session, who one is.

use std::time::Duration;

use crate::app::{App, Caller, Checked, Confirmed, SignedIn, fresh_until};
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::{Error, Reason};
use crate::passwords::Password;
use crate::sessions::Method;
use crate::sessions::store::{self, Asking, ProvedAgain};
use crate::tokens::PlainToken;

/// The outcome of a proof.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The session's owner has proved who they are.
    Success(Fresh),
    /// The password is wrong, or the account has none.
    InvalidCredentials,
    /// Passwords were tried too often. The time says when to try again.
    Limited(Duration),
}

/// A session whose owner has just proved who they are. Its refresh token stays as it is.
#[derive(Debug)]
pub(crate) struct Fresh {
    /// An access token that says so.
    pub(crate) access: PlainToken,
    /// When that expires.
    pub(crate) access_expires_at: Timestamp,
    /// Until when the session is fresh.
    pub(crate) until: Timestamp,
}

/// Notes that the caller proved who they are, if `password` is right.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unauthenticated`] when the session ended meanwhile;
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn reauthenticate(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    password: String,
) -> Result<Outcome, Error> {
    let subject = Caller::new(app, caller, Kind::ReauthenticationFailed);
    let prove = |confirmed| prove(app, client, caller, confirmed);
    Ok(match app.check_password(client, &subject, Password::new(password), prove).await? {
        Checked::Right(fresh) => Outcome::Success(fresh),
        Checked::Wrong => Outcome::InvalidCredentials,
        Checked::Limited(retry_after) => Outcome::Limited(retry_after),
    })
}

/// Notes the proof, unless the password was replaced in the meantime.
async fn prove(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    Confirmed { account, password, permit, .. }: Confirmed,
) -> Result<Option<Fresh>, Error> {
    drop(permit);
    let turn = app.turn(account.id).await?;
    let now = app.clock.now();
    let asking = Asking { account: account.id, by: caller.session(), client };
    let (hash, at) = (&password.hash, app.active_at(now));
    let proven = app
        .db
        .run(async |connection| store::prove_again(connection, &asking, hash, Method::Password, at).await)
        .await?;
    drop(turn);
    let session = match proven {
        ProvedAgain::Done(session) => session,
        ProvedAgain::SessionEnded => return Err(Error::Unauthenticated(Reason::SessionRevoked)),
        ProvedAgain::OtherHash => return Ok(None),
    };
    let (access, access_expires_at) = app.access_tokens.mint(&app.keys.current(), &account, &session, now)?;
    Ok(Some(Fresh { access, access_expires_at, until: fresh_until(&session) }))
}
