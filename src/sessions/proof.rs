//! With what people prove who they are.

use crate::passwords::PasswordHash;

/// What somebody proved who they are with, once it was found right. It opens a session, if what it was compared with is still there then.
pub(crate) enum Proof {
    /// A password.
    Password {
        /// The hash that it was compared with.
        hash: PasswordHash,
        /// What takes that one's place, if it is too weak.
        stronger: Option<PasswordHash>,
    },
}

impl Proof {
    /// By which methods.
    pub(crate) fn methods(&self) -> Vec<Method> {
        match self {
            Self::Password { .. } => vec![Method::Password],
        }
    }
}

/// A way of proving who one is, as sessions keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A password.
    Password,
    /// A code or a link that was sent by mail.
    Email,
}

impl Method {
    const ALL: [Self; 2] = [Self::Password, Self::Email];

    /// Its name in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Email => "email",
        }
    }

    /// The method of that name. A newer version may know more.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// Its value in the claim `amr` (RFC 8176).
    #[must_use]
    pub fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Email => "otp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_found_by_its_name_and_others_are_not() {
        for method in Method::ALL {
            assert_eq!(Method::named(method.as_str()), Some(method));
        }
        assert_eq!(Method::named("a method of a newer version"), None);
    }
}
