//! Changes of the second factors of an account, by its owner.

use std::time::Duration;

use super::{App, FreshlySignedIn};
use crate::accounts::store::find;
use crate::accounts::{Account, Designation};
use crate::error::{Error, Reason};
use crate::limits::{Decision, Refusal};

impl App {
    /// Charges a change of the caller's second factors, and gives the account as it is now. The inner error says how long to wait,
    /// when there were too many.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the account was disabled or deleted meanwhile; [`Error::Unavailable`] when the database is
    /// away.
    pub(crate) async fn charge_factor_change(
        &self,
        fresh: &FreshlySignedIn,
    ) -> Result<Result<Account, Duration>, Error> {
        let (account, session) = (fresh.caller().account().id, fresh.caller().session());
        let now = self.clock.now();
        if let Err(retry_after) = self.limits.in_session(session.0.as_bytes(), now) {
            return Ok(Err(retry_after));
        }
        let attempt = self.limits.factor_change(account.0.as_bytes(), now);
        let designation = Designation::Id(account);
        let (limit, found) =
            self.db.run(async |connection| find(connection, Some(&designation), &attempt).await).await?;
        if let Decision::Refused(Refusal { retry_after, .. }) = limit {
            return Ok(Err(retry_after));
        }
        let account = found.map(|found| found.account).filter(Account::is_enabled);
        account.map(Ok).ok_or(Error::Unauthenticated(Reason::SessionRevoked))
    }
}
