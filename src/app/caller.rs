//! Callers that were verified.

use std::sync::Arc;

use uuid::Uuid;

use crate::accounts::Account;
use crate::ids::SessionId;
use crate::sessions::Session;
use crate::tokens::TokenPair;

/// A caller who is signed in. Only who has been verified becomes one, so a function that takes it can't be called for
/// anybody else.
#[derive(Clone, Debug)]
pub struct SignedIn {
    account: Arc<Account>,
    session: SessionId,
    /// When its owner last proved who they are, as the access token says it, in seconds since 1970.
    auth_time: Option<i64>,
}

impl SignedIn {
    /// Only for use cases that have just verified that `session` is active and belongs to `account`.
    pub(crate) fn verified(account: Arc<Account>, session: SessionId, auth_time: Option<i64>) -> Self {
        Self { account, session, auth_time }
    }

    /// The account's id, the same for ever: `sub` in access tokens. An application keeps what is its own under this id.
    #[must_use]
    pub fn account_id(&self) -> Uuid {
        self.account.id.0
    }

    /// The session's id: `sid` in access tokens.
    #[must_use]
    pub fn session_id(&self) -> Uuid {
        self.session.0
    }

    /// The account's e-mail address. It may change. [`has_verified_email`](Self::has_verified_email) says whether its
    /// owner has proven that it is theirs.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.account.email
    }

    /// Whether the owner has proven that mails to the address reach them.
    #[must_use]
    pub fn has_verified_email(&self) -> bool {
        self.account.email_verified_at.is_some()
    }

    /// The account's username, if it has one. It may change.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.account.username.as_deref()
    }

    /// What the account may do, as the operator has set it.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.account.roles
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    pub(crate) fn session(&self) -> SessionId {
        self.session
    }

    /// `auth_time` of the access token.
    pub(super) fn auth_time(&self) -> Option<i64> {
        self.auth_time
    }
}

/// An account that has just signed in or refreshed its session.
#[derive(Debug)]
pub struct SignIn {
    /// The account.
    pub caller: SignedIn,
    /// The session.
    pub session: Session,
    /// The tokens of the session.
    pub tokens: TokenPair,
}
