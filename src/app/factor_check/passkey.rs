//! Passkeys as second factors.

use serde_json::Value;

use super::{Compared, ComparedFactor, FactorOwner, failure};
use crate::app::App;
use crate::app::charge::Charge;
use crate::app::passkey_check::{note, verified};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::limits::{AttemptOutcome, Decision};
use crate::mail::Kind;
use crate::passkeys::store::find;
use crate::passkeys::{Ceremony, Known, Passkeys};
use crate::sessions::{RightFactor, ShownPasskey, StoredPasskey};

impl App {
    /// The attempt is charged before the signature is verified.
    pub(super) async fn find_and_compare_passkey(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        answer: &Value,
        now: Timestamp,
    ) -> Result<Compared, Error> {
        self.passkeys_are_on()?;
        let account = owner.account.id;
        let attempt = self.limits.passkey(client, account.0.as_bytes(), now);
        // No passkey has an id without a byte.
        let id = Passkeys::credential_id(answer).unwrap_or_default();
        let (limit, found) = self.db.run(async |connection| find(connection, &id, &attempt).await).await?;
        let charge = match limit {
            Decision::Allowed(taken) => self.charges().charge(taken),
            Decision::Refused(refusal) => return self.refuse_factor(client, owner, refusal, now).await,
        };
        let stored = found.filter(|found| found.account.id == account).map(|found| StoredPasskey {
            name: found.name,
            public_key: found.public_key,
            is_backup_eligible: found.is_backup_eligible,
        });
        self.compare_passkey(client, owner, answer, (charge, stored), now).await
    }

    /// Verifies an answer that is charged. `stored` is the account's passkey with its id, if there is one.
    pub(super) async fn compare_passkey(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        answer: &Value,
        (mut charge, stored): (Charge, Option<StoredPasskey>),
        now: Timestamp,
    ) -> Result<Compared, Error> {
        let failure = || {
            let throttle = self.limits.failure(client, owner.account.id.to_string(), true, now);
            failure(client, owner, throttle, now)
        };
        let shown = match stored {
            Some(stored) => self.shown_by(owner, answer, &stored, now)?.map(|shown| (shown, stored.name)),
            None => None,
        };
        let Some((shown, name)) = shown else {
            self.fail_factor(charge, failure()).await?;
            return Ok(Compared::Wrong { tries_left: None });
        };
        let mail = self.notice_of_passkey((Kind::PasskeyRefused, &name), owner.account, client, now)?;
        charge.set_ending(AttemptOutcome::Right);
        let factor = RightFactor::Passkey { shown, mail };
        Ok(Compared::Right(Box::new(ComparedFactor { factor, charge, failure: failure(), tries_left: None })))
    }

    /// `None` if the answer is wrong.
    fn shown_by(
        &self,
        owner: &FactorOwner<'_>,
        answer: &Value,
        stored: &StoredPasskey,
        now: Timestamp,
    ) -> Result<Option<ShownPasskey>, Error> {
        let account = owner.account.id;
        let ceremony = match owner.flow {
            Some(flow) => Ceremony::SecondFactor { account, flow },
            None => Ceremony::Reauthentication(account),
        };
        let known = Known { account, public_key: &stored.public_key, is_backup_eligible: stored.is_backup_eligible };
        let read = self.passkeys_are_on()?.read_assertion(answer, ceremony, now);
        let shown = read.and_then(|assertion| verified(assertion, known));
        Ok(shown.inspect_err(|refusal| note(*refusal)).ok())
    }
}
