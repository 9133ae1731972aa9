//! Security events. Each is recorded in the statement that causes it, and never changed.

pub(crate) mod store;

use std::net::IpAddr;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::{AccountId, SessionId};

/// What happened. The table holds the names in snake case, so renaming a variant orphans the events of the old name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// The account was created. A session was opened with it, unless an operator created the account.
    Registered,
    /// A session was opened: with the password, with what a mail brought, or with a passkey.
    LoggedIn,
    /// Somebody tried a wrong password for the account, or an answer of one of its passkeys that is wrong. During an attack not every attempt is recorded.
    LoginFailed,
    /// The account's password was tried too often, or a session was refreshed too often. This is recorded at most
    /// once an hour.
    Limited,
    /// A session was ended by a logout with one of its own tokens.
    LoggedOut,
    /// A refresh token was used a second time. Its session was ended.
    RefreshTokenReused,
    /// A session was ended by another one, together with all others of the account, or because the account had too
    /// many.
    SessionRevoked,
    /// The password was changed.
    PasswordChanged,
    /// A wrong current password was given to change the password.
    PasswordChangeFailed,
    /// An operator disabled the account.
    AccountDisabled,
    /// An operator enabled the account again.
    AccountEnabled,
    /// An operator ended all sessions of the account.
    AccountSignedOut,
    /// The account was deleted, by its owner or by an operator.
    AccountDeleted,
    /// A wrong password was given to delete the account.
    AccountDeletionFailed,
    /// An operator restored the account.
    AccountRestored,
    /// A mail that verifies the address was asked for.
    EmailVerificationRequested,
    /// Somebody proved that mails to the e-mail address reach them.
    EmailVerified,
    /// A mail that signs in was asked for.
    EmailSignInRequested,
    /// A change of the e-mail address was asked for.
    EmailChangeRequested,
    /// The e-mail address was changed.
    EmailChanged,
    /// A change of the e-mail address was reverted from the address before.
    EmailChangeReverted,
    /// A mail that resets the password was asked for.
    PasswordResetRequested,
    /// The password was reset.
    PasswordReset,
    /// A wrong code was tried in place of the one from a mail.
    CodeFailed,
    /// Somebody proved again, in a session, who they are.
    Reauthenticated,
    /// Somebody tried a wrong password for that, or a passkey that is not accepted.
    ReauthenticationFailed,
    /// An operator removed the second factors and the password of the account, and sent its owner a mail with which a new password is
    /// set.
    AccountRecovered,
    /// An authenticator app was added.
    TotpAdded,
    /// The authenticator app was removed, or another one took its place.
    TotpRemoved,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// The recovery codes were replaced by new ones.
    RecoveryCodesReplaced,
    /// Somebody tried a wrong code of an authenticator app, or a wrong recovery code.
    SecondFactorFailed,
    /// A code of the authenticator app was accepted.
    TotpUsed,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey got another name.
    PasskeyRenamed,
    /// A device is trusted: no second factor is asked for on it.
    DeviceTrusted,
    /// The trust in devices was ended by the owner.
    DevicesForgotten,
    /// A passkey was used.
    PasskeyUsed,
    /// The sign count of a passkey fell, as that of a copy does. A passkey that is on one device only was refused.
    PasskeySignCountFell,
}

impl Kind {
    /// The name in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Something that happened to an account.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The id of the event. Later events have greater ids.
    pub id: Uuid,
    /// What happened.
    pub kind: Kind,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The session that was opened or ended, or that asked.
    pub session: Option<SessionId>,
    /// The `User-Agent` of the client that caused it.
    pub user_agent: Option<String>,
    /// The address of the client that caused it.
    pub ip_address: Option<IpAddr>,
    /// The id of the request that caused it.
    pub request_id: Option<String>,
}

/// A page of an account's events, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EventPage {
    /// The account.
    pub account: AccountId,
    /// The event before the first of the page.
    pub after: Option<Uuid>,
    /// The largest number of events.
    pub first: u16,
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::Kind;

    #[test]
    fn the_names_in_the_table_stay_and_are_read_back() {
        let names: Vec<_> = Kind::VARIANTS.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(
            names.join(" "),
            "registered logged_in login_failed limited logged_out refresh_token_reused session_revoked password_changed \
             password_change_failed account_disabled account_enabled account_signed_out account_deleted \
             account_deletion_failed account_restored email_verification_requested email_verified email_sign_in_requested \
             email_change_requested email_changed email_change_reverted password_reset_requested password_reset code_failed \
             reauthenticated reauthentication_failed account_recovered totp_added totp_removed recovery_code_used recovery_codes_replaced \
             second_factor_failed totp_used passkey_added passkey_removed passkey_renamed device_trusted devices_forgotten \
             passkey_used passkey_sign_count_fell"
        );
        let read: Result<Vec<Kind>, _> = names.iter().map(|name| name.parse()).collect();
        assert_eq!(read.as_deref(), Ok(Kind::VARIANTS));
        assert!("Registered".parse::<Kind>().is_err());
    }
}
