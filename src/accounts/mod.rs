//! Accounts: who can sign in.

mod email;
mod email_change;
mod registration;
pub(crate) mod store;
mod username;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::AccountId;

pub use email::{BadEmail, EmailAddress};
pub(crate) use email_change::PendingChange;
pub(crate) use registration::PendingAccount;
pub use registration::{Fault, Registration};
pub use username::{BadUsername, Username};

/// An account, without its password.
#[derive(Clone, Debug)]
pub struct Account {
    /// The id of the account.
    pub id: AccountId,
    /// The e-mail address, as typed at registration.
    pub email: String,
    /// Since when it is proven that mails to the address reach its owner.
    pub email_verified_at: Option<Timestamp>,
    /// The username, as typed at registration.
    pub username: Option<String>,
    /// The roles of the account, for the services that trust our tokens.
    pub roles: Vec<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Since when it is disabled.
    pub disabled_at: Option<Timestamp>,
    /// The generation of its sessions. Those of earlier generations have ended.
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
    /// The id that it will have.
    pub id: AccountId,
    /// Its e-mail address.
    pub email: EmailAddress,
    /// When it was proven that mails to the address reach whoever registers.
    pub email_verified_at: Option<Timestamp>,
    /// Its username, which is optional.
    pub username: Option<Username>,
    /// Its password's hash, if it has a password.
    pub password: Option<crate::passwords::PasswordHash>,
    /// When it is registered.
    pub created_at: Timestamp,
}

/// What somebody types to sign in: an e-mail address or a username. A username has no `@`, so the two can't be
/// confused.
#[derive(Clone, Debug)]
pub enum Identifier {
    /// An e-mail address, which has an `@`.
    Email(EmailAddress),
    /// A username, which has none.
    Username(Username),
}

impl Identifier {
    /// Reads what was typed. `None` if no account can have it.
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

/// What identifies an account for an operator.
#[derive(Clone, Debug)]
pub enum Designation {
    /// Its id.
    Id(AccountId),
    /// Its e-mail address or username.
    Identifier(Identifier),
}

impl Designation {
    /// Reads what was typed. `None` if no account can have it. An id is written with its hyphens: 36 characters, as
    /// no username has.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        match Uuid::try_parse(typed) {
            Ok(id) if typed.len() == 36 => Some(Self::Id(AccountId(id))),
            _ => Identifier::parse(typed).map(Self::Identifier),
        }
    }
}

/// The name of a registration that another account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameTaken {
    /// The e-mail address.
    Email,
    /// The username.
    Username,
}
