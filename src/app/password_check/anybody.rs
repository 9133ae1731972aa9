//! The password of the account that somebody claims to own.

use super::super::App;
use super::super::failed::Refused;
use super::admission::Admission;
use super::subject::{Admitted, Denied, Subject};
use crate::accounts::store::Found;
use crate::accounts::{Designation, Identifier};
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::limits::{Attempt, Refusal};
use crate::tokens::device::DeviceToken;

/// The account with a typed identifier, on a device that may have signed in before.
pub(crate) struct Anybody {
    identifier: Option<Identifier>,
    /// The name by which attempts are counted, even if no account can have it.
    name: String,
    to_log: Option<String>,
    device: Option<DeviceToken>,
    now: Timestamp,
}

impl Anybody {
    pub(crate) fn new(app: &App, typed: String, device: Option<DeviceToken>, now: Timestamp) -> Self {
        let (identifier, to_log) = (Identifier::parse(&typed), app.identifier_to_log(&typed));
        let name = identifier.as_ref().map_or(typed, Identifier::folded);
        Self { identifier, name, to_log, device, now }
    }

    async fn enter(
        &self,
        app: &App,
        client: &Client,
        attempt: &Attempt,
    ) -> Result<(Result<Admission, Refusal>, Option<Found>), Error> {
        app.enter(client, attempt, self.designation()).await
    }
}

impl Subject for Anybody {
    fn designation(&self) -> Option<Designation> {
        self.identifier.clone().map(Designation::Identifier)
    }

    fn name(&self) -> &[u8] {
        self.name.as_bytes()
    }

    fn at(&self) -> Timestamp {
        self.now
    }

    fn failure(&self) -> Kind {
        Kind::LoginFailed
    }

    fn identifier_to_log(&self) -> Option<&str> {
        self.to_log.as_deref()
    }

    fn of(&self, found: Option<&Found>) -> (Option<AccountId>, Option<SessionId>) {
        (found.map(|found| found.account.id), None)
    }

    fn throttle(&self, app: &App, client: &Client, found: Option<&Found>) -> Attempt {
        app.limits.failure(client, &self.name, found.is_some(), self.now)
    }

    /// On a device that has signed in to the account before, the limit of that device applies. When that is used up,
    /// the limits of everybody apply.
    async fn admit(&self, app: &App, client: &Client) -> Result<Admitted, Error> {
        let (limits, now) = (&app.limits, self.now);
        let may_try =
            |device: &DeviceToken| limits.on_device(device.account.0.as_bytes(), &device.identity(), now).is_ok();
        if let Some(device) = self.device.filter(may_try) {
            let attempt = limits.login_on_device(device.account.0.as_bytes(), &device.identity(), &self.name, now);
            let (admitted, found) = self.enter(app, client, &attempt).await?;
            if let Ok(admission) = admitted {
                if found.as_ref().is_some_and(|found| is_of(&device, found)) {
                    return Ok(Ok((admission, found)));
                }
                admission.withdraw();
            }
        }
        if let Err(retry_after) = limits.attempt(client, now) {
            return Ok(Err(Denied { retry_after, refused: Refused::RateLimited, noted: None }));
        }
        let (admitted, found) = self.enter(app, client, &limits.login(client, &self.name, now)).await?;
        Ok(match admitted {
            Ok(admission) => Ok((admission, found)),
            Err(refusal) => {
                let noted = (refusal.of_account && refusal.of_guesses).then(|| self.of(found.as_ref()));
                Err(Denied { retry_after: refusal.retry_after, refused: Refused::from(&refusal), noted })
            }
        })
    }
}

/// Whether the device signed in to this account with its current password.
fn is_of(device: &DeviceToken, found: &Found) -> bool {
    found.password.as_ref().is_some_and(|password| device.is_of(found.account.id, password.changed_at))
}
