//! Wrong codes of an authenticator app that is being added in a sign-in.

use std::time::Duration;

use super::{FactorOwner, failure};
use crate::app::App;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::limits::{Attempt, Decision};
use crate::totp::store::find;

impl App {
    /// Counts a wrong code for the account and for the client's address, and records it. Returns how many more the account bears, or how
    /// long to wait, when there were too many. A right one takes nothing: whoever asks was shown the secret, so there is nothing to guess.
    pub(crate) async fn count_wrong_code_of_new_app(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        now: Timestamp,
    ) -> Result<Result<i32, Duration>, Error> {
        let account = owner.account.id;
        let attempt = self.limits.totp(client, account.0.as_bytes(), owner.known, now);
        let (limit, found) = self.db.run(async |connection| find(connection, account, &attempt).await).await?;
        match limit {
            Decision::Allowed(taken) => {
                let charge = self.charges().charge(taken);
                self.charges().fail(charge, &failure(client, owner, Attempt::free(now), now)).await?;
                Ok(Ok(found.tries_left))
            }
            Decision::Refused(refusal) => {
                let retry_after = refusal.retry_after;
                self.refuse_factor(client, owner, refusal, now).await?;
                Ok(Err(retry_after))
            }
        }
    }
}
