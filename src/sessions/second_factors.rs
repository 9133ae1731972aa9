//! By what the second step of a sign-in can be made, by what it is, and of whom it is required.

use super::{Method, ShownPasskey};
use crate::db::parameters;
use crate::mail::Posting;
use crate::passwords::PasswordHash;

/// Of which accounts a second factor is required: two parameters of a statement, which decides with the account's row locked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecondFactorPolicy<'a> {
    /// Whether of all.
    pub(crate) required_of_all: bool,
    /// Of those that have one of these roles in any case.
    pub(crate) required_roles: &'a Vec<String>,
}

parameters! {
    SecondFactorPolicy<'a> {
        required_of_all: bool,
        required_roles: &'a Vec<String>,
    }
}

/// The second factors of an account that has some.
#[derive(Clone, Debug)]
pub(crate) struct SecondFactors {
    /// Whether it has an authenticator app.
    pub(crate) has_totp: bool,
    /// Its passkeys, the oldest first.
    pub(crate) passkeys: Vec<PasskeyHandle>,
    /// How many recovery codes were not used yet.
    pub(crate) recovery_codes_left: i64,
}

/// By what a client finds a passkey.
#[derive(Clone, Debug)]
pub(crate) struct PasskeyHandle {
    /// The id of the credential.
    pub(crate) id: Vec<u8>,
    /// By which ways its authenticator is reached.
    pub(crate) transports: Vec<String>,
}

/// A second factor that was found right. It is used up by the statement that accepts it, if it is still the account's then and was not
/// used in the meantime.
pub(crate) enum RightFactor {
    /// A code of an authenticator app.
    Totp {
        /// The time step that it belongs to.
        step: i64,
        /// The sealed secret that it was compared with.
        secret: Vec<u8>,
        /// The same under the deployment's current secret, if another one had sealed it.
        resealed: Option<Vec<u8>>,
    },
    /// A recovery code.
    RecoveryCode {
        slot: i32,
        /// The hash that it was compared with.
        hash: PasswordHash,
        /// The mail that tells the address of it.
        mail: Posting,
    },
    /// A passkey.
    Passkey {
        shown: ShownPasskey,
        /// The mail that tells the address if the sign count fell and the passkey is refused.
        mail: Posting,
    },
}

/// A passkey, as it is stored.
pub(crate) struct StoredPasskey {
    /// As its owner named it.
    pub(crate) name: String,
    pub(crate) public_key: Vec<u8>,
    pub(crate) is_backup_eligible: bool,
}

impl RightFactor {
    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Totp { .. } => Method::Totp,
            Self::RecoveryCode { .. } => Method::RecoveryCode,
            Self::Passkey { .. } => Method::Passkey,
        }
    }
}
