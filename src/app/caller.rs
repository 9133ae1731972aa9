//! Who has been verified.

use std::sync::Arc;

use crate::accounts::Account;
use crate::ids::SessionId;
use crate::sessions::Session;
use crate::tokens::TokenPair;

/// A caller who is signed in. Only a use case that has verified the caller makes one, so what takes it can't be called by
/// anybody else.
#[derive(Clone, Debug)]
pub struct SignedIn {
    account: Arc<Account>,
    session: SessionId,
}

impl SignedIn {
    /// For use cases that have just verified that `session` is active and whose it is.
    pub(crate) fn verified(account: Arc<Account>, session: SessionId) -> Self {
        Self { account, session }
    }

    /// Who.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// In which session.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }
}

/// An account that has just signed in, or goes on with a session.
#[derive(Debug)]
pub struct SignIn {
    /// Who.
    pub caller: SignedIn,
    /// The session.
    pub session: Session,
    /// Its tokens.
    pub tokens: TokenPair,
}
