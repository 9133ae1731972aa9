//! Accounts: who can sign in.

mod email;
mod registration;
pub(crate) mod store;
mod username;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::AccountId;

pub use email::{BadEmail, EmailAddress};
pub use registration::{Fault, Registration};
pub use username::{BadUsername, Username};

/// An account, without its password.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its identity.
    pub id: AccountId,
    /// The e-mail address, as typed at registration.
    pub email: String,
    /// The username, as typed at registration.
    pub username: Option<String>,
    /// What it may do, for the services that trust our tokens.
    pub roles: Vec<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Since when it is shut out.
    pub disabled_at: Option<Timestamp>,
    /// Its sessions of earlier generations have ended.
    pub session_generation: i64,
}

impl Account {
    /// Whether it may sign in and use its tokens.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }
}

/// An account to be registered.
#[derive(Debug)]
pub struct NewAccount {
    /// Its identity to be.
    pub id: AccountId,
    /// Its e-mail address.
    pub email: EmailAddress,
    /// Its username, if it wants one.
    pub username: Option<Username>,
    /// Its password's hash, if it has a password.
    pub password: Option<crate::passwords::PasswordHash>,
    /// When it is registered.
    pub created_at: Timestamp,
}

/// What somebody types to sign in: an e-mail address or a username. A username holds no `@`, so the two never meet.
#[derive(Clone, Debug)]
pub enum Identifier {
    /// It has an `@`.
    Email(EmailAddress),
    /// It has none.
    Username(Username),
}

impl Identifier {
    /// Reads what was typed; `None` for what no account can have.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.contains('@') {
            EmailAddress::parse(typed).ok().map(Self::Email)
        } else {
            Username::parse(typed).ok().map(Self::Username)
        }
    }

    /// The form in which it is compared.
    #[must_use]
    pub fn folded(&self) -> String {
        match self {
            Self::Email(email) => email.folded(),
            Self::Username(username) => username.folded(),
        }
    }
}

/// What an account is called by.
#[derive(Clone, Debug)]
pub enum Designation {
    /// Its id.
    Id(AccountId),
    /// Its e-mail address or username.
    Identifier(Identifier),
}

impl Designation {
    /// Reads what was typed; `None` for what no account can have. An id is written with its hyphens: 36 characters, as no username
    /// has.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        match Uuid::try_parse(typed) {
            Ok(id) if typed.len() == 36 => Some(Self::Id(AccountId(id))),
            _ => Identifier::parse(typed).map(Self::Identifier),
        }
    }
}

/// Which part of a registration somebody else has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameTaken {
    /// The e-mail address.
    Email,
    /// The username.
    Username,
}
