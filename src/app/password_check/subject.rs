//! The subject of a password check.

use std::time::Duration;

use super::super::App;
use super::super::failed::Refused;
use super::admission::Admission;
use crate::accounts::Designation;
use crate::accounts::store::Found;
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::limits::Attempt;

/// Whose password is checked, within which limits, and as which event a wrong one is recorded.
pub(crate) trait Subject {
    /// The account, if there can be one.
    fn designation(&self) -> Option<Designation>;

    /// The attempt, by which tries are counted.
    fn name(&self) -> &[u8];

    /// The time of the check.
    fn at(&self) -> Timestamp;

    /// The event of a wrong password.
    fn failure(&self) -> Kind;

    /// The identifier of the account, if it may be logged.
    fn identifier_to_log(&self) -> Option<&str>;

    /// The account and the session of an event, if this is the account.
    fn of(&self, found: Option<&Found>) -> (Option<AccountId>, Option<SessionId>);

    /// The limit on how often wrong passwords are recorded.
    fn throttle(&self, app: &App, client: &Client, found: Option<&Found>) -> Attempt;

    /// Finds the account, and whether the password may be compared.
    fn admit(&self, app: &App, client: &Client) -> impl Future<Output = Result<Admitted, Error>> + Send;
}

/// The account as it was found, if the password may be compared.
pub(crate) type Admitted = Result<(Admission, Option<Found>), Denied>;

/// A password that was not compared, because there were too many tries.
pub(crate) struct Denied {
    pub(super) retry_after: Duration,
    pub(super) refused: Refused,
    /// The account of the event of too many tries, if that has to be recorded.
    pub(super) noted: Option<(Option<AccountId>, Option<SessionId>)>,
}
