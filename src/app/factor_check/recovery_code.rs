//! Recovery codes.

use super::{Compared, ComparedFactor, FactorOwner, failure};
use crate::accounts::Designation;
use crate::app::App;
use crate::app::password_check::admission::{Admission, Comparing, Right};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::mail::Kind;
use crate::recovery_codes::RecoveryCode;
use crate::recovery_codes::store::{FoundCode, find};
use crate::sessions::RightFactor;

const WRONG: Compared = Compared::Wrong { tries_left: None };

impl App {
    pub(super) async fn find_and_compare_recovery_code(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        typed: &str,
        now: Timestamp,
    ) -> Result<Compared, Error> {
        let account = owner.account.id;
        let admission = match self.admit_recovery_code(client, owner, now).await? {
            Ok(admission) => admission,
            Err(refused) => return Ok(refused),
        };
        let code = RecoveryCode::parse(typed);
        // No code has this slot.
        let slot = code.as_ref().map_or(-1, RecoveryCode::slot);
        let found = self.db.run(async |connection| find(connection, account, slot).await).await?;
        self.compare_recovery_code(client, owner, code, (admission, found), now).await
    }

    /// Charges the attempt. If others hold what they may give back, this waits for it. The inner error is a refusal.
    pub(super) async fn admit_recovery_code(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        now: Timestamp,
    ) -> Result<Result<Admission, Compared>, Error> {
        let account = owner.account.id;
        let attempt = self.limits.recovery_code(client, account.0.as_bytes(), now);
        let (admitted, _) = self.enter(client, &attempt, Some(Designation::Id(account))).await?;
        match admitted {
            Ok(admission) => Ok(Ok(admission)),
            Err(refusal) => self.refuse_factor(client, owner, refusal, now).await.map(Err),
        }
    }

    /// Compares a code that is charged. A text that can't be a code, or one of a slot that is empty, takes as long as a wrong code.
    pub(super) async fn compare_recovery_code(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        code: Option<RecoveryCode>,
        (admission, found): (Admission, FoundCode),
        now: Timestamp,
    ) -> Result<Compared, Error> {
        let account = owner.account;
        let failure = || {
            let throttle = self.limits.failure(client, account.id.to_string(), true, now);
            failure(client, owner, throttle, now)
        };
        let password = code.as_ref().map(RecoveryCode::password).transpose()?;
        let comparing = Comparing { password, hash: found.hash.clone(), failure: failure() };
        let Some(Right { permit, charge, .. }) = self.compare(admission, comparing).await? else { return Ok(WRONG) };
        drop(permit);
        let (Some(code), Some(hash)) = (code, found.hash) else { return Ok(WRONG) };
        let mail = self.notice((Kind::RecoveryCodeUsed, Some(found.left - 1)), account, client, now)?;
        let factor = RightFactor::RecoveryCode { slot: code.slot(), hash, mail };
        Ok(Compared::Right(Box::new(ComparedFactor { factor, charge, failure: failure(), tries_left: None })))
    }
}
