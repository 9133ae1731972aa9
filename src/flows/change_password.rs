//! Changing a password.

use std::time::Duration;

use crate::accounts;
use crate::app::{self, App, Failure, SignedIn, Trial};
use crate::audit::Kind;
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::limits::{Attempt, Refusal, Verdict as Limit};
use crate::passwords::{self, BadPassword, FirstGuesses, Password, PasswordHash, Weakness};
use crate::sessions::Ending;
use crate::sessions::store::{self, Asking, Change, Changed};

/// How a change of the password ends.
#[derive(Debug)]
pub enum Outcome {
    /// The new password is the account's, and all its other sessions have ended.
    Success(Ending),
    /// That is not the current password.
    InvalidCredentials,
    /// The new password is too short or too long.
    Invalid(BadPassword),
    /// The new password is easily guessed.
    Weak(Weakness),
    /// Passwords were tried too often. When to try again.
    Limited(Duration),
}

/// How often the change starts over when the account's hash was replaced while the password was being compared.
const ATTEMPTS: usize = 3;

/// Replaces the caller's password, if `current` is it, and ends all the caller's sessions but the one that asks.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unauthenticated`] when the session ended meanwhile;
/// [`Error::Unavailable`] when the database is away. Then the password may have been changed or not.
pub async fn change_password(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    current: String,
    new: String,
) -> Result<Outcome, Error> {
    let (account, session, now) = (caller.account(), caller.session(), app.clock.now());
    let new = match passwords::check(new) {
        Ok(new) => new,
        Err(fault) => return Ok(Outcome::Invalid(fault)),
    };
    let log = |outcome| app::log_failed(Kind::PasswordChangeFailed, outcome, client, None);
    if let Err(retry_after) = app.limits.change(account.id.0.as_bytes(), session.0.as_bytes(), now) {
        log(app::Refused::RateLimited);
        return Ok(Outcome::Limited(retry_after));
    }
    let current = Password::new(current);
    let mut attempt = app.limits.change_password(session.0.as_bytes(), now);
    let mut entrance = app.entrance(app.deadline());
    let (admitted, mut old) = loop {
        entrance.take_place()?;
        let (limit, old) = find(app, caller, &attempt).await?;
        if let Some(admitted) = entrance.judge(limit).await {
            break (admitted, old);
        }
    };
    attempt = Attempt::free(now);
    let mut admission = match admitted {
        Ok(admission) => admission,
        Err(Refusal { retry_after, .. }) => {
            log(app::Refused::RateLimited);
            let of = (Some(account.id), Some(session));
            app.charges().note_limit(client, session.0.as_bytes(), of, now).await?;
            return Ok(Outcome::Limited(retry_after));
        }
    };
    for _ in 0..ATTEMPTS {
        let failure = Failure {
            kind: Kind::PasswordChangeFailed,
            client: client.clone(),
            identifier: None,
            of: (Some(account.id), Some(session)),
            // The session's limit bounds how many there are.
            throttle: Attempt::free(now),
            name: session.0.as_bytes().to_vec(),
            at: now,
        };
        let trial = Trial { password: current.clone(), hash: old.clone(), failure };
        let Some(proof) = app.try_password(admission, trial).await? else { return Ok(Outcome::InvalidCredentials) };
        admission = proof.admission;
        let Some(hash) = old else { return Ok(Outcome::InvalidCredentials) };
        // The strength of the new one is looked at only now: that costs as much as a hash, and what somebody who does not know the
        // password may cost is bounded by what that takes.
        let context = FirstGuesses::new(&account.email, account.username.as_deref());
        let new = match admission.place().hash(new.clone(), context).await? {
            Ok(hash) => hash,
            Err(weakness) => return Ok(Outcome::Weak(weakness)),
        };
        let turn = app.turn(account.id).await?;
        let now = app.clock.now();
        let asking = Asking { account: account.id, by: session, client };
        let change = Change { old: &hash, new: &new, asking };
        let changed = app.db.run(async |connection| store::change_password(connection, &change, now).await).await?;
        drop(turn);
        match changed {
            Changed::Done(ending) => {
                app.all_ended(account.id);
                return Ok(Outcome::Success(ending));
            }
            Changed::SessionEnded => return Err(Error::Unauthenticated(Reason::SessionRevoked)),
            Changed::OtherHash => old = find(app, caller, &attempt).await?.1,
        }
    }
    log(app::Refused::InvalidCredentials);
    Ok(Outcome::InvalidCredentials)
}

async fn find(app: &App, caller: &SignedIn, attempt: &Attempt) -> Result<(Limit, Option<PasswordHash>), Error> {
    let account = caller.account().id;
    app.db.run(async |connection| accounts::store::find_hash(connection, account, attempt).await).await
}
