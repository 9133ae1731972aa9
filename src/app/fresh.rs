//! Callers who have just proved who they are.

use std::time::Duration;

use serde_json::Value;

use super::{App, SignedIn};
use crate::accounts::Designation;
use crate::accounts::store::find;
use crate::clock::Timestamp;
use crate::config::EmailSignIn;
use crate::db::Connection;
use crate::error::Error;
use crate::limits::Attempt;
use crate::passkeys::Ceremony;
use crate::sessions::store::second_factors;
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

/// By what a caller who is not fresh can become it.
#[derive(Debug)]
pub(crate) struct WaysToProve {
    pub(crate) methods: Vec<Method>,
    /// What the client needs to ask for a passkey, if the account has one.
    pub(crate) passkey_options: Option<Value>,
}

/// Until when a token of this session is fresh. Tokens have whole seconds.
pub(crate) fn fresh_until(session: &Session) -> Timestamp {
    Timestamp::from_timestamp(session.authenticated_at.timestamp(), 0).unwrap_or(session.authenticated_at) + FRESH
}

impl App {
    /// By what this caller can prove anew who they are. This asks the database.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away.
    pub(crate) async fn ways_to_prove(&self, caller: &SignedIn) -> Result<WaysToProve, Error> {
        let (id, now) = (caller.account().id, self.clock.now());
        let (account, free) = (Designation::Id(id), Attempt::free(now));
        let look = async |connection: &mut Connection| {
            let (_, found) = find(connection, Some(&account), &free).await?;
            Ok((found, second_factors(connection, id, caller.session()).await?))
        };
        let (found, (factors, lacks_factor)) = self.db.run(look).await?;
        // Whoever signed in before there was a second factor may know the password alone.
        let has_password = !lacks_factor && found.is_some_and(|found| found.password.is_some());
        let passkey_options = self.ask_for_passkey(Ceremony::Reauthentication(id), &factors.passkeys, now)?;
        let by_mail = self.config.mail.sign_in != EmailSignIn::Off;
        let methods = [
            (passkey_options.is_some(), Method::Passkey),
            (has_password, Method::Password),
            (factors.has_totp, Method::Totp),
            (by_mail, Method::Email),
        ];
        let methods = methods.into_iter().filter_map(|(is_possible, method)| is_possible.then_some(method)).collect();
        Ok(WaysToProve { methods, passkey_options })
    }
}
