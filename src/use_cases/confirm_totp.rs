//! Adding an authenticator app, once it shows right codes.

use std::time::Duration;

use uuid::Uuid;

use crate::app::{App, SignedIn};
use crate::audit;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::{Error, Reason};
use crate::flows::Kind;
use crate::flows::store::{count_wrong, find_open};
use crate::mail;
use crate::recovery_codes::{self, RecoveryCode};
use crate::sessions::store::Asking;
use crate::totp::store::{Added, Addition, add};
use crate::totp::{PendingTotp, TotpCode};

/// The outcome of a confirmation.
pub(crate) enum Outcome {
    /// The account has the app. These are its recovery codes, if it had none.
    Success(Vec<RecoveryCode>),
    /// The code is wrong. So many more may be tried.
    Wrong(i32),
    /// The enrolment is over.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Adds the app whose enrolment has this token, if `typed` is a code of it. The step of that code counts as used. An account that has
/// no recovery codes gets some.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unauthenticated`] when the session ended meanwhile;
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn confirm_totp(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    token: &str,
    typed: &str,
) -> Result<Outcome, Error> {
    let (account, session, now) = (caller.account(), caller.session(), app.clock.now());
    if let Err(retry_after) = app.limits.in_session(session.0.as_bytes(), now) {
        return Ok(Outcome::Limited(retry_after));
    }
    let (keys, wanted) = (&app.flow_keys, (account.id, token));
    let found = app.db.run(async |connection| find_open(connection, keys, Kind::Totp, wanted, now).await).await?;
    let Some(flow) = found else { return Ok(Outcome::Expired) };
    let pending =
        PendingTotp::from_bytes(&flow.data).ok_or_else(|| Error::internal("an enrolment without a secret"))?;
    let Some(step) = TotpCode::parse(typed).and_then(|code| pending.secret.matching_step(&code, now)) else {
        return count(app, client, caller, flow.id, now).await;
    };
    let permit = app.passwords.permit()?;
    let (codes, hashed) = recovery_codes::generate(&permit).await?;
    drop(permit);
    let addition = Addition {
        flow: flow.id,
        generation: pending.generation,
        asking: Asking { account: account.id, by: session, client },
        secret: &app.totp_seals.seal(account.id, &pending.secret)?,
        step,
        codes: &hashed,
        mail: &app.notice((mail::Kind::TotpAdded, None), account, client, now)?,
    };
    let turn = app.turn(account.id).await?;
    let at = app.active_at(now);
    let added = app.db.run(async |connection| add(connection, &addition, at).await).await?;
    drop(turn);
    match added {
        Added::Done { has_new_codes } => Ok(Outcome::Success(if has_new_codes { codes } else { Vec::new() })),
        Added::Over => Ok(Outcome::Expired),
        Added::SessionEnded => Err(Error::Unauthenticated(Reason::SessionRevoked)),
    }
}

/// Counts a wrong code.
async fn count(app: &App, client: &Client, caller: &SignedIn, flow: Uuid, now: Timestamp) -> Result<Outcome, Error> {
    let event = (audit::Kind::SecondFactorFailed, caller.session());
    let left = app.db.run(async |connection| count_wrong(connection, flow, event, client, now).await).await?;
    Ok(left.map_or(Outcome::Expired, Outcome::Wrong))
}
