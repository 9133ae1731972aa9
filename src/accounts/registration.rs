//! The input of a registration, and its faults.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{BadUsername, EmailAddress, Username};
use crate::error::{Error, OrInternal};
use crate::passwords::{self, BadPassword, Password};

/// The input of a registration. Never print it, because it has the password.
pub struct Registration {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The username, which is optional.
    pub username: Option<String>,
}

/// The rest of an account that waits for the proof of its address.
#[derive(Deserialize, Serialize)]
pub(crate) struct PendingAccount<'a> {
    #[serde(borrow)]
    pub(crate) username: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) hash: &'a str,
}

impl<'a> PendingAccount<'a> {
    pub(crate) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        serde_json::to_vec(self).map(Zeroizing::new).or_internal()
    }

    pub(crate) fn from_bytes(bytes: &'a [u8]) -> Result<Self, Error> {
        serde_json::from_slice(bytes).or_internal()
    }
}

/// What is wrong with one part of a registration.
#[derive(Debug)]
pub enum Fault {
    /// The e-mail address is not valid.
    Email,
    /// The username is not valid.
    Username(BadUsername),
    /// The password is too short or too long.
    Password(BadPassword),
}

/// The valid parts of a registration.
type Parts = (EmailAddress, Option<Username>, Password);

impl Registration {
    /// Reads all parts, or returns all faults. How easily the password is guessed is checked later, because that is
    /// costly.
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
