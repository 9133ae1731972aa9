//! Whose password is checked.

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

/// Whose password is checked, within which limits, and what a wrong one is written down as.
pub(crate) trait Subject {
    /// Which account that is, if there can be one.
    fn designation(&self) -> Option<Designation>;

    /// What attempts at it are counted by.
    fn name(&self) -> &[u8];

    /// When it is checked.
    fn at(&self) -> Timestamp;

    /// The event of a wrong password.
    fn failure(&self) -> Kind;

    /// Whom a wrong password was for, as the log may tell it.
    fn identifier_to_log(&self) -> Option<&str>;

    /// Whom an event is about, where this is the account.
    fn of(&self, found: Option<&Found>) -> (Option<AccountId>, Option<SessionId>);

    /// What bounds how often wrong ones are written down.
    fn throttle(&self, app: &App, client: &Client, found: Option<&Found>) -> Attempt;

    /// Finds the account, and whether the password may be compared.
    fn admit(&self, app: &App, client: &Client) -> impl Future<Output = Result<Admitted, Error>> + Send;
}

/// The account as it was found, if the password may be compared.
pub(crate) type Admitted = Result<(Admission, Option<Found>), Denied>;

/// A password that was not compared, for there were too many tries.
pub(crate) struct Denied {
    pub(super) retry_after: Duration,
    pub(super) refused: Refused,
    /// Whom the event of too many tries is about, if that is to be written down.
    pub(super) noted: Option<(Option<AccountId>, Option<SessionId>)>,
}
