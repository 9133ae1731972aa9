//! Security events: what happened to accounts, written down in the statement that made it happen, and never changed.

pub(crate) mod store;

use std::net::IpAddr;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::{AccountId, SessionId};

/// What happened. The table holds the names in snake case, so renaming a variant orphans the events of the old name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// The account was made, and a session opened unless an operator made it.
    Registered,
    /// A session was opened with the password.
    LoggedIn,
    /// A password was tried that is not the account's. Under attack not each one is written down.
    LoginFailed,
    /// Passwords of the account were tried too often, or a session was refreshed too often. Written down once an hour.
    Limited,
    /// A session was ended by its own tokens.
    LoggedOut,
    /// A refresh token was used again, and its session ended.
    RefreshTokenReused,
    /// A session was ended by another, with all others of the account, or to make room for a new one.
    SessionRevoked,
    /// The password was changed.
    PasswordChanged,
    /// A wrong password was given as the current one, to change it.
    PasswordChangeFailed,
    /// An operator shut the account out.
    AccountDisabled,
    /// An operator let the account in again.
    AccountEnabled,
    /// An operator ended all sessions of the account.
    AccountSignedOut,
    /// The account was deleted, by a session of its owner's or by an operator.
    AccountDeleted,
    /// A wrong password was given to delete the account.
    AccountDeletionFailed,
    /// An operator restored the account.
    AccountRestored,
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
pub struct Event {
    /// Its identity; later ones sort after it.
    pub id: Uuid,
    /// What.
    pub kind: Kind,
    /// When.
    pub occurred_at: Timestamp,
    /// To which session.
    pub session: Option<SessionId>,
    /// The `User-Agent` of whoever did it.
    pub user_agent: Option<String>,
    /// The address of whoever did it.
    pub ip_address: Option<IpAddr>,
    /// The request that it happened in.
    pub request_id: Option<String>,
}

/// Which of an account's events are asked for: the newest, after one that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventPage {
    /// Whose.
    pub account: AccountId,
    /// The one before the first.
    pub after: Option<Uuid>,
    /// How many at the most.
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
             account_deletion_failed account_restored"
        );
        let read: Result<Vec<Kind>, _> = names.iter().map(|name| name.parse()).collect();
        assert_eq!(read.as_deref(), Ok(Kind::VARIANTS));
        assert!("Registered".parse::<Kind>().is_err());
    }
}
