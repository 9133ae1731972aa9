//! The caller's password, which is repeated before an operation that a borrowed session must not do.

use super::super::failed::Refused;
use super::super::{App, SignedIn};
use super::subject::{Admitted, Denied, Subject};
use crate::accounts::Designation;
use crate::accounts::store::Found;
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::limits::Attempt;

/// The caller, within the limits on changes of a password.
pub(crate) struct Caller<'a> {
    caller: &'a SignedIn,
    session: SessionId,
    failure: Kind,
    now: Timestamp,
}

impl<'a> Caller<'a> {
    /// `failure` is the event of a wrong password.
    pub(crate) fn new(app: &App, caller: &'a SignedIn, failure: Kind) -> Self {
        Self { caller, session: caller.session(), failure, now: app.clock.now() }
    }
}

impl Subject for Caller<'_> {
    fn designation(&self) -> Option<Designation> {
        Some(Designation::Id(self.caller.account().id))
    }

    fn name(&self) -> &[u8] {
        self.session.0.as_bytes()
    }

    fn at(&self) -> Timestamp {
        self.now
    }

    fn failure(&self) -> Kind {
        self.failure
    }

    fn identifier_to_log(&self) -> Option<&str> {
        None
    }

    fn of(&self, _: Option<&Found>) -> (Option<AccountId>, Option<SessionId>) {
        (Some(self.caller.account().id), Some(self.session))
    }

    /// The session's limit bounds their number.
    fn throttle(&self, _: &App, _: &Client, _: Option<&Found>) -> Attempt {
        Attempt::free(self.now)
    }

    async fn admit(&self, app: &App, client: &Client) -> Result<Admitted, Error> {
        let (account, session, now) = (self.caller.account().id, self.session.0.as_bytes(), self.now);
        let limited = |retry_after| Denied { retry_after, refused: Refused::RateLimited, noted: None };
        if let Err(retry_after) = app.limits.in_session(session, now) {
            return Ok(Err(limited(retry_after)));
        }
        let attempt = app.limits.change_password(session, now);
        let (admitted, found) = app.enter(client, &attempt, self.designation()).await?;
        let admission = match admitted {
            Ok(admission) => admission,
            Err(refusal) => {
                let noted = refusal.of_guesses.then(|| self.of(None));
                return Ok(Err(Denied { retry_after: refusal.retry_after, refused: Refused::from(&refusal), noted }));
            }
        };
        // This comes last, so that a session that has used up its guesses takes nothing from the limit that all
        // share.
        if let Err(retry_after) = app.limits.change(account.0.as_bytes(), session, now) {
            admission.withdraw();
            return Ok(Err(limited(retry_after)));
        }
        Ok(Ok((admission, found)))
    }
}
