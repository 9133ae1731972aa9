//! The caller's password, given once more before something that a borrowed session must not do.

use std::time::Duration;

use super::trial::{Admission, Trial};
use super::{App, Failure, Refused, SignedIn, log_failed};
use crate::accounts::store::find_hash;
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::limits::{Attempt, Refusal, Verdict as Limit};
use crate::passwords::{Password, PasswordHash, Place};

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
    confirmation: Confirmation<'a>,
    hash: PasswordHash,
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
        let log = || log_failed(failure, Refused::RateLimited, client, None);
        if let Err(retry_after) = self.limits.change(account.0.as_bytes(), session.0.as_bytes(), now) {
            log();
            return Ok(Err(retry_after));
        }
        let password = Password::new(password);
        let attempt = self.limits.change_password(session.0.as_bytes(), now);
        let mut entrance = self.entrance(self.deadline());
        let (admitted, hash) = loop {
            entrance.take_place()?;
            let (limit, hash) = self.find_hash(caller, &attempt).await?;
            if let Some(admitted) = entrance.judge(limit).await {
                break (admitted, hash);
            }
        };
        match admitted {
            Ok(admission) => {
                Ok(Ok(Confirmation { app: self, client, caller, password, failure, admission, hash, now }))
            }
            Err(Refusal { retry_after, .. }) => {
                log();
                let of = (Some(account), Some(session));
                self.charges().note_limit(client, session.0.as_bytes(), of, now).await?;
                Ok(Err(retry_after))
            }
        }
    }

    async fn find_hash(&self, caller: &SignedIn, attempt: &Attempt) -> Result<(Limit, Option<PasswordHash>), Error> {
        let account = caller.account().id;
        self.db.run(async |connection| find_hash(connection, account, attempt).await).await
    }
}

impl<'a> Confirmation<'a> {
    /// Compares it. `None` if it is wrong, which is written down.
    pub(crate) async fn compare(self) -> Result<Option<Confirmed<'a>>, Error> {
        let Self { app, client, caller, password, failure: kind, admission, hash, now } = self;
        let failure = Failure {
            kind,
            client: client.clone(),
            identifier: None,
            of: (Some(caller.account().id), Some(caller.session())),
            // The session's limit bounds how many there are.
            throttle: Attempt::free(now),
            name: caller.session().0.as_bytes().to_vec(),
            at: now,
        };
        let trial = Trial { password: password.clone(), hash: hash.clone(), failure };
        let Some(proof) = app.try_password(admission, trial).await? else { return Ok(None) };
        let confirmation =
            Confirmation { app, client, caller, password, failure: kind, admission: proof.admission, hash: None, now };
        Ok(hash.map(|hash| Confirmed { confirmation, hash }))
    }
}

impl<'a> Confirmed<'a> {
    /// What it was compared with.
    pub(crate) fn hash(&self) -> &PasswordHash {
        &self.hash
    }

    /// The place at the hashing threads, for what has to be hashed besides.
    pub(crate) fn place(&self) -> &Place {
        self.confirmation.admission.place()
    }

    /// The account's hash was replaced meanwhile: the same password, to be compared with what is there now.
    pub(crate) async fn again(self) -> Result<Confirmation<'a>, Error> {
        let mut confirmation = self.confirmation;
        let free = Attempt::free(confirmation.now);
        confirmation.hash = confirmation.app.find_hash(confirmation.caller, &free).await?.1;
        Ok(confirmation)
    }
}
