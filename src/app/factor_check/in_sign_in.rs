//! The second factor of a sign-in that waits for it. Its try, its charge and what it is compared with are one statement. Another one
//! accepts it and opens the session.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::{Compared, ComparedFactor, FactorInput, FactorOwner};
use crate::accounts::Account;
use crate::app::App;
use crate::app::charge::Charge;
use crate::app::failed::{Refused, log_failed};
use crate::app::password_check::admission::Admission;
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flows::store::return_factor_try;
use crate::limits::{Attempt, AttemptOutcome, Decision, FlowAttempt, KnownBy, Limits, Refusal};
use crate::passkeys::Passkeys;
use crate::passwords::HashingPermit;
use crate::recovery_codes::RecoveryCode;
use crate::recovery_codes::store::FoundCode;
use crate::sessions::store::{TriedSignIn, try_sign_in};
use crate::sessions::{Method, PendingSignIn, StoredPasskey};
use crate::tokens::device::DeviceToken;
use crate::totp::store::FoundTotp;
use crate::traces::detached;

/// The outcome of a factor that was shown for a sign-in.
pub(crate) enum FactorInSignIn {
    /// It is right, and not used up yet.
    Right(Box<ProvenSignIn>),
    /// It is wrong, or was used before. It is of this kind, and so many more may be tried.
    Wrong(Method, i32),
    /// The sign-in is over, or the account was changed since it began.
    Expired,
    /// It was not compared, because there were too many tries. The time says when to try again.
    Limited(Duration),
}

/// A sign-in whose second factor is right.
pub(crate) struct ProvenSignIn {
    pub(crate) flow: Uuid,
    pub(crate) account: Account,
    pub(crate) pending: PendingSignIn,
    /// The device, if it is known to be the account's.
    pub(crate) device: Option<DeviceToken>,
    pub(crate) compared: ComparedFactor,
    /// How many more factors may be tried in the flow, if this one turns out to be used.
    pub(crate) tries_left: i32,
}

/// A factor whose owner is not known yet.
enum Shown {
    Totp(String),
    RecoveryCode(Option<RecoveryCode>, HashingPermit),
    Passkey(Value),
}

impl Shown {
    /// The attempt that is charged with the try.
    fn in_flow(&self, limits: &Limits, client: &Client, now: Timestamp) -> FlowAttempt {
        match self {
            Self::Totp(_) => limits.totp_in_flow(client, now),
            Self::RecoveryCode(..) => limits.recovery_code_in_flow(client, now),
            Self::Passkey(_) => limits.passkey_in_flow(client, now),
        }
    }

    /// The same, once it is known whose account it is.
    fn at(method: Method, limits: &Limits, client: &Client, account: &[u8], now: Timestamp) -> Attempt {
        match method {
            Method::RecoveryCode => limits.recovery_code(client, account, now),
            Method::Passkey => limits.passkey(client, account, now),
            _ => limits.totp(client, account, &[], now).attempt,
        }
    }
}

impl App {
    /// Takes a try of the sign-in with this token, and compares the factor. Wrong ones count in the flow, for the account and for the
    /// client's address. A try in which nothing was compared is given back.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away.
    pub(crate) async fn show_factor(
        &self,
        client: &Client,
        token: String,
        input: FactorInput,
        device: Option<String>,
    ) -> Result<FactorInSignIn, Error> {
        let (now, method) = (self.clock.now(), input.method());
        if let Err(retry_after) = self.limits.attempt(client, now) {
            log_failed(Kind::SecondFactorFailed, Refused::RateLimited, client, None);
            return Ok(FactorInSignIn::Limited(retry_after));
        }
        let shown = match input {
            FactorInput::Totp(typed) => Shown::Totp(typed),
            FactorInput::RecoveryCode(typed) => {
                Shown::RecoveryCode(RecoveryCode::parse(&typed), self.passwords.permit()?)
            }
            FactorInput::Passkey(answer) => {
                self.passkeys_are_on()?;
                Shown::Passkey(answer)
            }
        };
        let Some((mut tried, paid)) = self.take_try_of(client, token, &shown, method, now).await? else {
            return Ok(FactorInSignIn::Expired);
        };
        let opened = self.flow_keys.open(tried.flow, &tried.data);
        let pending = opened.and_then(|data| PendingSignIn::from_bytes(&data));
        // The statement that opens the session decides. This comes before, so that nobody learns from a sign-in that is over whether a
        // factor is right.
        let is_same = |pending: &PendingSignIn| {
            tried.account.session_generation == pending.generation
                && tried.account.email.eq_ignore_ascii_case(&tried.email)
        };
        let Some(mut pending) = pending.filter(is_same) else {
            if let Ok(mut charge) = paid {
                charge.set_ending(AttemptOutcome::Withdrawn);
            }
            return Ok(FactorInSignIn::Expired);
        };
        let device = self.known_device(device.or(pending.device.take()), &tried.account, &pending, now);
        let known = known_by(&pending, device.as_ref(), tried.asked_since);
        let (flow, of_flow) = (tried.flow, tried.tries_left);
        let owner = FactorOwner { account: &tried.account, session: None, flow: Some(flow), known: &known };
        let give_back = async || self.db.run(async |connection| return_factor_try(connection, flow).await).await;
        let stored = tried.passkey.take();
        match self.compare_in_flow(client, &owner, shown, (&tried, stored, paid), now).await {
            Ok(Compared::Right(compared)) => {
                let TriedSignIn { account, .. } = tried;
                let (compared, tries_left) = (*compared, of_flow);
                Ok(FactorInSignIn::Right(Box::new(ProvenSignIn {
                    flow,
                    account,
                    pending,
                    device,
                    compared,
                    tries_left,
                })))
            }
            Ok(Compared::Wrong { tries_left }) => Ok(FactorInSignIn::Wrong(method, fewest(tries_left, of_flow))),
            Ok(Compared::Limited(retry_after)) => {
                give_back().await?;
                Ok(FactorInSignIn::Limited(retry_after))
            }
            Err(error) => {
                // What went wrong first is told.
                let _ = give_back().await;
                Err(error)
            }
        }
    }

    /// Takes the try. What that took is charged, even if the caller does not wait for it any more.
    async fn take_try_of(
        &self,
        client: &Client,
        token: String,
        shown: &Shown,
        method: Method,
        now: Timestamp,
    ) -> Result<Option<(TriedSignIn, Result<Charge, Refusal>)>, Error> {
        let attempt = shown.in_flow(&self.limits, client, now);
        let by = match shown {
            Shown::RecoveryCode(code, _) => (code.as_ref().map(RecoveryCode::slot), None),
            Shown::Passkey(answer) => (None, Passkeys::credential_id(answer)),
            Shown::Totp(_) => (None, None),
        };
        let (charges, limits, db, client) = (self.charges(), self.limits.clone(), self.db.clone(), client.clone());
        let taking = async move {
            let tried = db.run(async |connection| try_sign_in(connection, &token, by, &attempt).await).await?;
            Ok::<_, Error>(tried.map(|(tried, taken)| {
                let attempt = Shown::at(method, &limits, &client, tried.account.id.0.as_bytes(), now);
                let paid = match attempt.read(taken) {
                    Decision::Allowed(taken) => Ok(charges.charge(taken)),
                    Decision::Refused(refusal) => Err(refusal),
                };
                (tried, paid)
            }))
        };
        tokio::spawn(detached(taking)).await.unwrap_or_else(|error| Err(error.into()))
    }

    /// Compares the factor. If the attempt was refused, and there is a way to be allowed, it is charged anew.
    async fn compare_in_flow(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        shown: Shown,
        (tried, stored, paid): (&TriedSignIn, Option<StoredPasskey>, Result<Charge, Refusal>),
        now: Timestamp,
    ) -> Result<Compared, Error> {
        match (shown, paid) {
            (Shown::Totp(typed), Ok(charge)) => {
                let attempt = self.limits.totp(client, owner.account.id.0.as_bytes(), &[], now);
                let found = FoundTotp { secret: tried.secret.clone(), tries_left: attempt.tries_left(tried.full_at) };
                self.compare_totp(client, owner, &typed, (charge, found), now).await
            }
            // Those who are known have a few attempts of their own.
            (Shown::Totp(typed), Err(refusal)) if refusal.of_account && !owner.known.is_empty() => {
                self.find_and_compare_totp(client, owner, &typed, now).await
            }
            (Shown::RecoveryCode(code, permit), paid) => {
                let admission = match paid {
                    Ok(charge) => Admission::new(permit, charge),
                    Err(refusal) if refusal.contended.is_empty() => {
                        return self.refuse_factor(client, owner, refusal, now).await;
                    }
                    Err(_) => {
                        drop(permit);
                        match self.admit_recovery_code(client, owner, now).await? {
                            Ok(admission) => admission,
                            Err(refused) => return Ok(refused),
                        }
                    }
                };
                let found = FoundCode { hash: tried.hash.clone(), left: tried.codes_left };
                self.compare_recovery_code(client, owner, code, (admission, found), now).await
            }
            (Shown::Passkey(answer), Ok(charge)) => {
                self.compare_passkey(client, owner, &answer, (charge, stored), now).await
            }
            (Shown::Totp(_) | Shown::Passkey(_), Err(refusal)) => self.refuse_factor(client, owner, refusal, now).await,
        }
    }

    /// The device with this token, if it has signed in to the account with its password.
    pub(crate) fn known_device(
        &self,
        token: Option<String>,
        account: &Account,
        pending: &PendingSignIn,
        now: Timestamp,
    ) -> Option<DeviceToken> {
        let device = DeviceToken::verify(&self.keys.current(), &token?)?;
        let is_of = pending.password_of.is_some_and(|of| device.is_of(account.id, of));
        (device.is_alive(now) && is_of).then_some(device)
    }
}

/// By what whoever makes this sign-in is known. The device is one that has signed in with the password. It counts if it has done so since
/// the account has a second factor, because then it has shown one: somebody who once had the password alone may have collected others.
pub(crate) fn known_by(
    pending: &PendingSignIn,
    device: Option<&DeviceToken>,
    asked_since: Option<Timestamp>,
) -> Vec<KnownBy> {
    let has_shown_one = |device: &DeviceToken| asked_since.is_none_or(|since| device.issued_at() >= since);
    let by = [
        (pending.methods.contains(&Method::Email), KnownBy::Mail),
        (device.is_some_and(has_shown_one), KnownBy::Device),
    ];
    by.into_iter().filter_map(|(is_known, by)| is_known.then_some(by)).collect()
}

/// How many more factors may be tried: what the flow and the account both bear.
pub(crate) fn fewest(of_account: Option<i32>, of_flow: i32) -> i32 {
    of_account.map_or(of_flow, |most| most.min(of_flow))
}
