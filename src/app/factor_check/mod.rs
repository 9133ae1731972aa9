//! The one step that checks a second factor: its limits, that it is accepted once, and the event of a wrong one. Every use case that
//! asks for a second factor uses it.

mod in_sign_in;
mod new_app;
mod passkey;
mod recovery_code;
mod totp;

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::App;
use super::charge::{Charge, Failure};
use super::failed::{Refused, log_failed};
use crate::accounts::Account;
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::SessionId;
use crate::limits::{Attempt, AttemptOutcome, KnownBy, Refusal};
use crate::passkeys;
use crate::recovery_codes::store::{Consumption, consume};
use crate::sessions::{Method, RightFactor};
use crate::totp::store::{Acceptance, accept};
use crate::traces::detached;

pub(crate) use in_sign_in::{FactorInSignIn, ProvenSignIn, fewest, known_by};

/// What somebody shows as a second factor. Never print it.
pub(crate) enum FactorInput {
    /// A code of the authenticator app, as it was typed.
    Totp(String),
    /// A recovery code, as it was typed.
    RecoveryCode(String),
    /// What a client answers with a passkey (`AuthenticationResponseJSON`).
    Passkey(Value),
}

impl FactorInput {
    /// What kind of factor it is.
    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Totp(_) => Method::Totp,
            Self::RecoveryCode(_) => Method::RecoveryCode,
            Self::Passkey(_) => Method::Passkey,
        }
    }
}

/// Whose second factor is checked, and where.
pub(crate) struct FactorOwner<'a> {
    /// The account.
    pub(crate) account: &'a Account,
    /// The session that asks, if there is one.
    pub(crate) session: Option<SessionId>,
    /// The flow in which it is shown, if there is one. A passkey has to answer what was asked for that.
    pub(crate) flow: Option<Uuid>,
    /// By what whoever shows it is known. Wrong codes of strangers do not shut them out.
    pub(crate) known: &'a [KnownBy],
}

/// The outcome of a check.
#[derive(Debug)]
pub(crate) enum CheckedFactor {
    /// It is right, and can't be used again. This was recorded where the owner has to be told.
    Right(Method),
    /// It is wrong, was used before, or the account has none. This was logged and recorded.
    Wrong {
        /// How many more the account bears, whoever tries them. `None` if that is not counted one by one.
        tries_left: Option<i32>,
    },
    /// It was not compared, because there were too many tries. The time says when to try again.
    Limited(Duration),
}

/// A factor that was compared.
enum Compared {
    Right(Box<ComparedFactor>),
    /// See [`CheckedFactor::Wrong`].
    Wrong {
        tries_left: Option<i32>,
    },
    Limited(Duration),
}

/// A factor that is right, and not used up yet. When this is dropped, what it took from the limits is given back.
pub(crate) struct ComparedFactor {
    pub(crate) factor: RightFactor,
    charge: Charge,
    /// The event, if it turns out to be used.
    failure: Failure,
    /// How many more wrong ones the account bears then.
    tries_left: Option<i32>,
}

impl App {
    /// Checks a second factor of an account, and uses it up if it is right. Wrong ones count for the account, wherever they are tried,
    /// and for the client's address. Of several at once one is right.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away. Then it may have been
    /// used up or not.
    pub(crate) async fn check_factor(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        input: FactorInput,
    ) -> Result<CheckedFactor, Error> {
        let now = self.clock.now();
        let at_once = match owner.session {
            Some(session) => self.limits.in_session(session.0.as_bytes(), now),
            None => self.limits.attempt(client, now),
        };
        if let Err(retry_after) = at_once {
            log_failed(Kind::SecondFactorFailed, Refused::RateLimited, client, None);
            return Ok(CheckedFactor::Limited(retry_after));
        }
        let compared = match input {
            FactorInput::Totp(typed) => self.find_and_compare_totp(client, owner, &typed, now).await?,
            FactorInput::RecoveryCode(typed) => self.find_and_compare_recovery_code(client, owner, &typed, now).await?,
            FactorInput::Passkey(answer) => self.find_and_compare_passkey(client, owner, &answer, now).await?,
        };
        let compared = match compared {
            Compared::Right(compared) => compared,
            Compared::Wrong { tries_left } => return Ok(CheckedFactor::Wrong { tries_left }),
            Compared::Limited(retry_after) => return Ok(CheckedFactor::Limited(retry_after)),
        };
        if self.accept_factor(client, owner, &compared.factor, now).await? {
            return Ok(CheckedFactor::Right(compared.factor.method()));
        }
        Ok(CheckedFactor::Wrong { tries_left: self.refuse_compared(*compared).await? })
    }

    /// Uses a factor up by itself. Returns false if it was used before, or is not the account's any more.
    async fn accept_factor(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        factor: &RightFactor,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let FactorOwner { account, session, .. } = *owner;
        let account = account.id;
        let _turn = self.turn(account).await?;
        match factor {
            RightFactor::Totp { step, secret, resealed } => {
                let acceptance = Acceptance { account, step: *step, secret, resealed, session, client };
                self.db.run(async |connection| accept(connection, &acceptance, now).await).await
            }
            RightFactor::RecoveryCode { slot, hash, mail } => {
                let consumption = Consumption { account, slot: *slot, hash, session, mail, client };
                self.db.run(async |connection| consume(connection, &consumption, now).await).await
            }
            RightFactor::Passkey { shown, mail } => {
                let acceptance = passkeys::store::Acceptance { account, shown, session, mail, client };
                self.db.run(async |connection| passkeys::store::accept(connection, &acceptance, now).await).await
            }
        }
    }

    /// The statement that was to accept the factor has found it used, or not the account's any more. It counts as a wrong one. Returns
    /// how many more the account bears.
    pub(crate) async fn refuse_compared(&self, compared: ComparedFactor) -> Result<Option<i32>, Error> {
        let ComparedFactor { mut charge, failure, tries_left, .. } = compared;
        charge.set_ending(AttemptOutcome::Unknown);
        self.fail_factor(charge, failure).await?;
        Ok(tries_left)
    }

    /// Records a wrong factor, even if the caller does not wait for it any more.
    async fn fail_factor(&self, charge: Charge, failure: Failure) -> Result<(), Error> {
        let charges = self.charges();
        let failing = async move { charges.fail(charge, &failure).await };
        tokio::spawn(detached(failing)).await.unwrap_or_else(|error| Err(error.into()))
    }

    /// A limit refused the attempt.
    async fn refuse_factor(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<Compared, Error> {
        log_failed(Kind::SecondFactorFailed, Refused::from(&refusal), client, None);
        if refusal.of_account && refusal.of_guesses {
            let (name, of) = (owner.account.id.0, (Some(owner.account.id), owner.session));
            self.charges().note_limit(client, name.as_bytes(), of, now).await?;
        }
        Ok(Compared::Limited(refusal.retry_after))
    }
}

/// The event of a wrong factor. `throttle` limits how often it is recorded.
fn failure(client: &Client, owner: &FactorOwner<'_>, throttle: Attempt, at: Timestamp) -> Failure {
    Failure {
        kind: Kind::SecondFactorFailed,
        client: client.clone(),
        identifier: None,
        of: (Some(owner.account.id), owner.session),
        throttle,
        name: owner.account.id.0.as_bytes().to_vec(),
        at,
    }
}
