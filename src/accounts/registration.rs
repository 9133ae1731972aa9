//! What is typed to make an account, and what can be wrong with it.

use super::{BadUsername, EmailAddress, Username};
use crate::passwords::{self, BadPassword, Password};

/// What somebody types to register. Not to be printed: it holds the password.
pub struct Registration {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The username, if one is wanted.
    pub username: Option<String>,
}

/// What is wrong with one part of a registration.
#[derive(Debug)]
pub enum Fault {
    /// Not an e-mail address.
    Email,
    /// Not a username.
    Username(BadUsername),
    /// Too short or too long a password.
    Password(BadPassword),
}

/// What a registration is made of.
type Parts = (EmailAddress, Option<Username>, Password);

impl Registration {
    /// Reads all parts, or tells every fault that is found without much work. How easily the password is guessed is not among them.
    pub(crate) fn read(self) -> Result<Parts, Vec<Fault>> {
        let email = EmailAddress::parse(&self.email).map_err(|_| Fault::Email);
        let username = self.username.as_deref().map(Username::parse).transpose().map_err(Fault::Username);
        let password = passwords::check(self.password).map_err(Fault::Password);
        match (email, username, password) {
            (Ok(email), Ok(username), Ok(password)) => Ok((email, username, password)),
            (email, username, password) => {
                Err([email.err(), username.err(), password.err()].into_iter().flatten().collect())
            }
        }
    }
}
