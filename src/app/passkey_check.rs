//! The one step that checks a passkey that signs in alone, or that is shown once more in a session: its limits, its signature, and the
//! event of a wrong one. The statement of the use case accepts it, since only that can tell whether the challenge was answered before.

use std::time::Duration;

use serde_json::Value;

use super::charge::{Charge, Failure};
use super::failed::{Refused, log_failed};
use super::{App, SignedIn};
use crate::accounts::Account;
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::limits::{Attempt, AttemptOutcome, Decision};
use crate::mail::{self, Posting};
use crate::passkeys::store::{FoundPasskey, find};
use crate::passkeys::{Assertion, Ceremony, Credential, Known, Refusal};
use crate::sessions::{PasskeyHandle, ShownPasskey};
use crate::traces::detached;

/// Who shows a passkey.
#[derive(Clone, Copy)]
pub(crate) enum PasskeyHolder<'a> {
    /// Somebody who signs in by it.
    Anybody,
    /// The owner of a session, once more.
    Caller(&'a SignedIn),
}

/// A passkey whose signature was right. It is not accepted before a statement has found that its challenge is answered for the first
/// time, and that its sign count did not fall.
pub(crate) struct ConfirmedPasskey {
    /// Whose it is.
    pub(crate) account: Account,
    /// As its owner named it.
    name: String,
    pub(crate) shown: ShownPasskey,
    charge: Charge,
}

/// The outcome of a check.
pub(crate) enum CheckedPasskey {
    /// The signature is right.
    Right(Box<ConfirmedPasskey>),
    /// It is wrong, or nobody has such a passkey, or the account is disabled. This was logged, and recorded if there is such a passkey.
    Wrong,
    /// The challenge is over.
    Expired,
    /// It was not verified, because there were too many attempts. The time says when to try again.
    Limited(Duration),
}

impl App {
    /// What a client needs to ask for one of these passkeys. `None` if there are none, or browsers have none for the pages of this
    /// deployment.
    pub(super) fn ask_for_passkey(
        &self,
        ceremony: Ceremony,
        handles: &[PasskeyHandle],
        now: Timestamp,
    ) -> Result<Option<Value>, Error> {
        let allowed: Vec<_> =
            handles.iter().map(|PasskeyHandle { id, transports }| Credential { id, transports }).collect();
        let passkeys = self.passkeys.as_ref().filter(|_| !allowed.is_empty());
        let asked = passkeys.map(|passkeys| passkeys.start_assertion(ceremony, &allowed, now)).transpose()?;
        Ok(asked.map(|asked| asked.options))
    }

    /// Checks what a client answers (`AuthenticationResponseJSON`). What is no answer to a challenge of ours costs no look-up. The attempt
    /// is charged before the signature is verified, so of many at once no more are verified than the limits allow.
    ///
    /// # Errors
    /// [`Error::Disabled`] where there are no passkeys; [`Error::Unavailable`] when the database is away.
    pub(crate) async fn check_passkey(
        &self,
        client: &Client,
        answer: &Value,
        holder: PasskeyHolder<'_>,
    ) -> Result<CheckedPasskey, Error> {
        let (passkeys, now) = (self.passkeys_are_on()?, self.clock.now());
        let log = |refused| log_failed(holder.failure(), refused, client, None);
        if let Err(retry_after) = holder.may_ask(self, client, now) {
            log(Refused::RateLimited);
            return Ok(CheckedPasskey::Limited(retry_after));
        }
        let assertion = match passkeys.read_assertion(answer, holder.ceremony(), now) {
            Ok(assertion) => assertion,
            Err(Refusal::Expired) => return Ok(CheckedPasskey::Expired),
            Err(refusal) => {
                note(refusal);
                log(Refused::InvalidCredentials);
                return Ok(CheckedPasskey::Wrong);
            }
        };
        let (attempt, id) = (holder.attempt(self, client, &assertion, now), assertion.credential_id());
        let (limit, found) = self.db.run(async |connection| find(connection, id, &attempt).await).await?;
        let charge = match limit {
            Decision::Allowed(taken) => self.charges().charge(taken),
            Decision::Refused(refusal) => {
                log(Refused::from(&refusal));
                return Ok(CheckedPasskey::Limited(refusal.retry_after));
            }
        };
        let failure = self.passkey_failure(client, holder, id, found.as_ref(), now);
        if let Some(confirmed) = found.and_then(|found| found_right(assertion, found)) {
            let (account, name, shown) = confirmed;
            return Ok(CheckedPasskey::Right(Box::new(ConfirmedPasskey { account, name, shown, charge })));
        }
        // A client that hangs up is recorded as well.
        let charges = self.charges();
        let failing = async move { charges.fail(charge, &failure).await };
        tokio::spawn(detached(failing)).await.unwrap_or_else(|error| Err(error.into()))?;
        Ok(CheckedPasskey::Wrong)
    }

    /// The event of a wrong signature. Names that nobody has use up nothing of those that somebody has.
    fn passkey_failure(
        &self,
        client: &Client,
        holder: PasskeyHolder<'_>,
        credential_id: &[u8],
        found: Option<&FoundPasskey>,
        now: Timestamp,
    ) -> Failure {
        let account = found.map(|found| found.account.id);
        let name = account.as_ref().map_or(credential_id, |account| account.0.as_bytes());
        Failure {
            kind: holder.failure(),
            client: client.clone(),
            identifier: None,
            of: (holder.account_of(found), holder.session()),
            throttle: match holder {
                PasskeyHolder::Anybody => self.limits.failure(client, name, account.is_some(), now),
                // The session's limit bounds their number.
                PasskeyHolder::Caller(_) => Attempt::free(now),
            },
            name: name.to_vec(),
            at: now,
        }
    }
}

impl PasskeyHolder<'_> {
    fn ceremony(self) -> Ceremony {
        match self {
            Self::Anybody => Ceremony::SignIn,
            Self::Caller(caller) => Ceremony::Reauthentication(caller.account().id),
        }
    }

    fn failure(self) -> Kind {
        match self {
            Self::Anybody => Kind::LoginFailed,
            Self::Caller(_) => Kind::ReauthenticationFailed,
        }
    }

    fn session(self) -> Option<SessionId> {
        match self {
            Self::Anybody => None,
            Self::Caller(caller) => Some(caller.session()),
        }
    }

    /// Whose the attempt is: in a session that of its owner, whosever passkey was shown.
    fn account_of(self, found: Option<&FoundPasskey>) -> Option<AccountId> {
        match self {
            Self::Anybody => found.map(|found| found.account.id),
            Self::Caller(caller) => Some(caller.account().id),
        }
    }

    fn may_ask(self, app: &App, client: &Client, now: Timestamp) -> Result<(), Duration> {
        match self {
            Self::Anybody => app.limits.attempt(client, now),
            Self::Caller(caller) => app.limits.in_session(caller.session().0.as_bytes(), now),
        }
    }

    fn attempt(self, app: &App, client: &Client, assertion: &Assertion, now: Timestamp) -> Attempt {
        match self {
            Self::Anybody => {
                let claimed = assertion.user_handle().map(|account| account.0);
                app.limits.passkey_sign_in(client, claimed.as_ref().map_or(&[], |account| account.as_bytes()), now)
            }
            Self::Caller(caller) => app.limits.passkey_in_session(caller.session().0.as_bytes(), now),
        }
    }
}

impl ConfirmedPasskey {
    /// The statement has accepted it, so the attempt counts as one that succeeded.
    pub(crate) fn succeed(mut self) {
        self.charge.set_ending(AttemptOutcome::Right);
    }

    /// The mail that tells the owner that the passkey was refused because its sign count fell, if the statement refuses it for that.
    pub(crate) fn refused(&self, app: &App, client: &Client, now: Timestamp) -> Result<Posting, Error> {
        app.notice_of_passkey((mail::Kind::PasskeyRefused, &self.name), &self.account, client, now)
    }

    /// The statement has not accepted it.
    pub(crate) fn fail(mut self, client: &Client, holder: PasskeyHolder<'_>) {
        log_failed(holder.failure(), Refused::InvalidCredentials, client, None);
        self.charge.set_ending(AttemptOutcome::Wrong);
    }
}

fn found_right(assertion: Assertion, found: FoundPasskey) -> Option<(Account, String, ShownPasskey)> {
    let known = Known {
        account: found.account.id,
        public_key: &found.public_key,
        is_backup_eligible: found.is_backup_eligible,
    };
    let shown = verified(assertion, known).inspect_err(|refusal| note(*refusal)).ok()?;
    found.account.is_enabled().then_some((found.account, found.name, shown))
}

/// What a statement needs to accept it, if this passkey signed the answer.
pub(super) fn verified(assertion: Assertion, known: Known<'_>) -> Result<ShownPasskey, Refusal> {
    let credential_id = assertion.credential_id().clone();
    let verified = assertion.verify(known)?;
    Ok(ShownPasskey {
        credential_id,
        sign_count: verified.sign_count.into(),
        is_backed_up: verified.is_backed_up,
        nonce: verified.challenge.nonce,
        challenge_expires_at: verified.challenge.expires_at,
    })
}

/// Tells the operator why, who may have set another origin than the pages have.
pub(super) fn note(refusal: Refusal) {
    tracing::info!(why = %refusal, "a passkey was not accepted");
}
