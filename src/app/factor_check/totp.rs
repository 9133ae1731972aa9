//! Codes of authenticator apps.

use super::{Compared, ComparedFactor, FactorOwner, failure};
use crate::app::App;
use crate::app::charge::Charge;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::AccountId;
use crate::limits::{Attempt, AttemptOutcome, Decision};
use crate::sessions::RightFactor;
use crate::totp::store::{FoundTotp, find};
use crate::totp::{OpenedTotp, TotpCode};

impl App {
    /// The attempt is charged before the code is compared, so of many at once no more are compared than the account bears.
    pub(super) async fn find_and_compare_totp(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        typed: &str,
        now: Timestamp,
    ) -> Result<Compared, Error> {
        let account = owner.account.id;
        let attempt = self.limits.totp(client, account.0.as_bytes(), owner.known, now);
        let (limit, found) = self.db.run(async |connection| find(connection, account, &attempt).await).await?;
        let charge = match limit {
            Decision::Allowed(taken) => self.charges().charge(taken),
            Decision::Refused(refusal) => return self.refuse_factor(client, owner, refusal, now).await,
        };
        self.compare_totp(client, owner, typed, (charge, found), now).await
    }

    /// Compares a code that is charged.
    pub(super) async fn compare_totp(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        typed: &str,
        (mut charge, found): (Charge, FoundTotp),
        now: Timestamp,
    ) -> Result<Compared, Error> {
        let tries_left = Some(found.tries_left);
        let factor = match found.secret {
            Some(sealed) => self.matching(owner.account.id, sealed, typed, now)?,
            None => None,
        };
        // The account's limit bounds how many are recorded.
        let failure = failure(client, owner, Attempt::free(now), now);
        let Some(factor) = factor else {
            self.fail_factor(charge, failure).await?;
            return Ok(Compared::Wrong { tries_left });
        };
        charge.set_ending(AttemptOutcome::Right);
        Ok(Compared::Right(Box::new(ComparedFactor { factor, charge, failure, tries_left })))
    }

    /// What has to be noted when this code is accepted. `None` if it is wrong.
    fn matching(
        &self,
        account: AccountId,
        sealed: Vec<u8>,
        typed: &str,
        now: Timestamp,
    ) -> Result<Option<RightFactor>, Error> {
        let opened = self.totp_seals.open(account, &sealed);
        let Some((OpenedTotp { secret, is_stale }, code)) = opened.zip(TotpCode::parse(typed)) else { return Ok(None) };
        let Some(step) = secret.matching_step(&code, now) else { return Ok(None) };
        let resealed = if is_stale { Some(self.totp_seals.seal(account, &secret)?) } else { None };
        Ok(Some(RightFactor::Totp { step, secret: sealed, resealed }))
    }
}
