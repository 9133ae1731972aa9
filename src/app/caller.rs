//! Callers that were verified.

use std::sync::Arc;

use crate::accounts::Account;
use crate::ids::SessionId;
use crate::sessions::Session;
use crate::tokens::TokenPair;

/// A caller who is signed in. Only a use case that has verified the caller makes one, so a function that takes it
/// can't be called for anybody else.
#[derive(Clone, Debug)]
pub struct SignedIn {
    account: Arc<Account>,
    session: SessionId,
}

impl SignedIn {
    /// Only for use cases that have just verified that `session` is active and belongs to `account`.
    pub(crate) fn verified(account: Arc<Account>, session: SessionId) -> Self {
        Self { account, session }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
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
