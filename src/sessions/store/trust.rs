//! Trusted devices in the statements that open sessions.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::parameters;
use crate::mail::Posting;

/// The device that came with a first step, as its device token says. If the account trusts it, no second factor is asked for.
#[derive(Clone, Copy)]
pub(crate) struct ShownDevice {
    /// Its id. `None` if no device is trusted, whatever the table has.
    pub(crate) device: Option<Uuid>,
    /// When the password was set that it signed in with.
    pub(crate) device_password_of: Option<Timestamp>,
    /// It came to be trusted after this.
    pub(crate) trusted_since: Timestamp,
}

parameters! {
    ShownDevice {
        device: Option<Uuid>,
        device_password_of: Option<Timestamp>,
        trusted_since: Timestamp,
    }
}

/// The device on which a second factor was shown, if it is to be trusted from now on.
pub(crate) struct Trusting {
    /// Its id. `None` if it is not to be trusted.
    pub(crate) trusted_device: Option<Uuid>,
    /// Until when.
    pub(crate) trusted_until: Timestamp,
    /// The mail that tells the owner of it.
    pub(crate) mail: Posting,
}

parameters! {
    Trusting {
        trusted_device: Option<Uuid>,
        trusted_until: Timestamp,
        mail: Posting,
    }
}
