//! Callers who have just proved who they are.

use std::time::Duration;

use super::{App, SignedIn};
use crate::accounts::Designation;
use crate::accounts::store::find;
use crate::clock::Timestamp;
use crate::config::EmailSignIn;
use crate::error::Error;
use crate::limits::Attempt;
use crate::sessions::{Method, Session};

/// How long somebody is fresh who proved who they are.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// How far ahead the clock of the instance may be that issued a token, in seconds.
const CLOCK_SKEW: i64 = 60;

/// A caller who proved a short time ago who they are, as the access token says. Only the check of that makes one, so a function
/// that takes it can't be called for anybody else.
#[derive(Clone, Debug)]
pub(crate) struct FreshlySignedIn(SignedIn);

impl FreshlySignedIn {
    pub(crate) fn caller(&self) -> &SignedIn {
        &self.0
    }
}

impl SignedIn {
    /// The same caller, if they are fresh at `now`. A token that does not say when its owner proved who they are is not.
    pub(crate) fn freshly(&self, now: Timestamp) -> Option<FreshlySignedIn> {
        let age = now.timestamp().saturating_sub(self.auth_time()?);
        // The clocks of instances differ by a little.
        let is_fresh = age > -CLOCK_SKEW && u64::try_from(age).unwrap_or_default() < FRESH.as_secs();
        is_fresh.then(|| FreshlySignedIn(self.clone()))
    }
}

/// Until when a token of this session is fresh. Tokens have whole seconds.
pub(crate) fn fresh_until(session: &Session) -> Timestamp {
    Timestamp::from_timestamp(session.authenticated_at.timestamp(), 0).unwrap_or(session.authenticated_at) + FRESH
}

impl App {
    /// The methods by which this caller can prove anew who they are. This asks the database.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away.
    pub(crate) async fn methods_of(&self, caller: &SignedIn) -> Result<Vec<Method>, Error> {
        let (account, free) = (Designation::Id(caller.account().id), Attempt::free(self.clock.now()));
        let (_, found) = self.db.run(async |connection| find(connection, Some(&account), &free).await).await?;
        let has_password = found.is_some_and(|found| found.password.is_some());
        let by_mail = self.config.mail.sign_in != EmailSignIn::Off;
        let methods = [(has_password, Method::Password), (by_mail, Method::Email)];
        Ok(methods.into_iter().filter_map(|(is_possible, method)| is_possible.then_some(method)).collect())
    }
}
