//! What a mail tells, apart from the words.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::clock::Timestamp;

/// The kinds of mails. The table holds the names in snake case, and so do the names of operators' templates.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// A link and a code that confirm a registration.
    ConfirmRegistration,
    /// Somebody tried to register with an address that has an account.
    AddressTaken,
    /// A link and a code that verify the address of an account.
    ConfirmEmail,
    /// A link and a code that sign in.
    SignIn,
    /// A link and a code that reset the password.
    ResetPassword,
    /// The password was reset.
    PasswordReset,
    /// A link and a code that confirm the new address of an account. It goes to the new address.
    ConfirmEmailChange,
    /// The account has another address now. It goes to the old address, with a link that reverts the change.
    EmailChanged,
    /// An operator removed the second factors and the password of the account. It has a link that resets the password.
    AccountRecovered,
    /// An authenticator app was added to the account.
    TotpAdded,
    /// The authenticator app was removed from the account.
    TotpRemoved,
    /// The account has new recovery codes.
    RecoveryCodesReplaced,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A passkey was added to the account.
    PasskeyAdded,
    /// A passkey was removed from the account.
    PasskeyRemoved,
    /// A device is trusted: no second factor is asked for on it.
    DeviceTrusted,
    /// A passkey was refused because its sign count fell.
    PasskeyRefused,
}

impl Kind {
    /// Whether a mail of this kind has a code, which the person enters where they began.
    pub(crate) fn has_code(self) -> bool {
        match self {
            Self::ConfirmRegistration
            | Self::ConfirmEmail
            | Self::SignIn
            | Self::ResetPassword
            | Self::ConfirmEmailChange => true,
            Self::AddressTaken
            | Self::PasswordReset
            | Self::EmailChanged
            | Self::AccountRecovered
            | Self::TotpAdded
            | Self::TotpRemoved
            | Self::RecoveryCodesReplaced
            | Self::RecoveryCodeUsed
            | Self::PasskeyAdded
            | Self::PasskeyRemoved
            | Self::DeviceTrusted
            | Self::PasskeyRefused => false,
        }
    }

    /// The name in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What a mail tells, apart from the words. Never print it, because it has the link and the code.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The token in the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
    /// Until when the link is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link_expires_at: Option<Timestamp>,
    /// The code, as eight digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Until when the code is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code_expires_at: Option<Timestamp>,
    /// The username of the account, as typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<String>,
    /// The address that the account has now, where the mail goes to another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) new_email: Option<String>,
    /// How many recovery codes are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) codes_left: Option<i64>,
    /// The name of the passkey, as its owner typed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) passkey: Option<String>,
    /// Until when a device is trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trusted_until: Option<Timestamp>,
    /// On what occasion it was written, where the kind does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) occasion: Option<Occasion>,
    /// Who caused the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<Device>,
}

/// On what occasion a mail was written. The mails of a kind have other words on these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Occasion {
    /// A second factor was added because a sign-in needed one. Whoever was first did that.
    Enrolment,
    /// A change of the address was reverted, and a new password is needed.
    Revert,
}

/// The client that caused a mail, as the recipient is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Device {
    /// Its `User-Agent`, as the client claims it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ip_address: Option<IpAddr>,
    /// When it asked.
    pub(crate) at: Timestamp,
}

impl Device {
    pub(crate) fn of(client: &Client, at: Timestamp) -> Self {
        Self { user_agent: client.user_agent().map(str::to_owned), ip_address: client.ip_address, at }
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content([redacted])")
    }
}
