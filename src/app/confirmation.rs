//! The caller's password, given once more before something that a borrowed session must not do.

use std::time::Duration;

use super::charge::Charge;
use super::trial::{Admission, Proof, Trial};
use super::{App, Failure, Refused, SignedIn, log_failed};
use crate::accounts::store::find_hash;
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::Database;
use crate::error::Error;
use crate::ids::AccountId;
use crate::limits::{Attempt, Decision as Limit};
use crate::passwords::{HashingPermit, Password, PasswordHash};

/// A password that may be compared with the caller's.
pub(crate) struct Confirmation<'a> {
    app: &'a App,
    client: &'a Client,
    caller: &'a SignedIn,
    password: Option<Password>,
    /// What a wrong one is written down as.
    failure: Kind,
    admission: Admission,
    hash: Option<PasswordHash>,
    now: Timestamp,
}

/// The password was the caller's.
pub(crate) struct Confirmed<'a> {
    app: &'a App,
    client: &'a Client,
    caller: &'a SignedIn,
    password: Option<Password>,
    failure: Kind,
    charge: Charge,
    hash: PasswordHash,
    now: Timestamp,
}

impl App {
    /// Asks whether the caller's password may be compared: as often as a password may be changed.
    ///
    /// # Errors
    /// The inner one says how long to wait when passwords were tried too often.
    pub(crate) async fn confirm<'a>(
        &'a self,
        client: &'a Client,
        caller: &'a SignedIn,
        password: String,
        failure: Kind,
    ) -> Result<Result<Confirmation<'a>, Duration>, Error> {
        let (account, session, now) = (caller.account().id, caller.session(), self.clock.now());
        let log = |refused| log_failed(failure, refused, client, None);
        if let Err(retry_after) = self.limits.in_session(session.0.as_bytes(), now) {
            log(Refused::RateLimited);
            return Ok(Err(retry_after));
        }
        let password = Password::new(password);
        let attempt = self.limits.change_password(session.0.as_bytes(), now);
        let find = |db: Database, attempt: Attempt| async move { find(&db, account, &attempt).await };
        let (admitted, hash) = self.enter(client, &attempt, find).await?;
        let admission = match admitted {
            Ok(admission) => admission,
            Err(refusal) => {
                log(Refused::from(&refusal));
                if refusal.of_guesses {
                    let of = (Some(account), Some(session));
                    self.charges().note_limit(client, session.0.as_bytes(), of, now).await?;
                }
                return Ok(Err(refusal.retry_after));
            }
        };
        // Only now, so that a session whose guesses are used up takes nothing from what all have together.
        if let Err(retry_after) = self.limits.change(account.0.as_bytes(), session.0.as_bytes(), now) {
            admission.withdraw();
            log(Refused::RateLimited);
            return Ok(Err(retry_after));
        }
        Ok(Ok(Confirmation { app: self, client, caller, password, failure, admission, hash, now }))
    }
}

async fn find(db: &Database, account: AccountId, attempt: &Attempt) -> Result<(Limit, Option<PasswordHash>), Error> {
    db.run(async |connection| find_hash(connection, account, attempt).await).await
}

impl<'a> Confirmation<'a> {
    /// Compares it. `None` if it is wrong, which is written down. The place at the hashing threads is for what has to be hashed besides:
    /// to be dropped before anything else is waited for.
    pub(crate) async fn compare(self) -> Result<Option<(Confirmed<'a>, HashingPermit)>, Error> {
        let Self { app, client, caller, password, failure, admission, hash, now } = self;
        let written = Failure {
            kind: failure,
            client: client.clone(),
            identifier: None,
            of: (Some(caller.account().id), Some(caller.session())),
            // The session's limit bounds how many there are.
            throttle: Attempt::free(now),
            name: caller.session().0.as_bytes().to_vec(),
            at: now,
        };
        let trial = Trial { password: password.clone(), hash: hash.clone(), failure: written };
        let Some(Proof { place, charge, .. }) = app.try_password(admission, trial).await? else { return Ok(None) };
        Ok(hash.map(|hash| (Confirmed { app, client, caller, password, failure, charge, hash, now }, place)))
    }
}

impl<'a> Confirmed<'a> {
    /// What it was compared with.
    pub(crate) fn hash(&self) -> &PasswordHash {
        &self.hash
    }

    /// The account's hash was replaced meanwhile: the same password, to be compared with what is there now.
    pub(crate) async fn again(self) -> Result<Confirmation<'a>, Error> {
        let Self { app, client, caller, password, failure, charge, now, .. } = self;
        let admission = app.readmit(charge)?;
        let (_, hash) = find(&app.db, caller.account().id, &Attempt::free(now)).await?;
        Ok(Confirmation { app, client, caller, password, failure, admission, hash, now })
    }
}
