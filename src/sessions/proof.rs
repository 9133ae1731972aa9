//! With what people prove who they are.

use serde::{Deserialize, Serialize};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A password.
    Password,
    /// A code or a link that was sent by mail.
    Email,
    /// A code of an authenticator app.
    Totp,
    /// A recovery code.
    RecoveryCode,
    /// A passkey, whose authenticator verified who used it.
    Passkey,
}

impl Method {
    const ALL: [Self; 5] = [Self::Password, Self::Email, Self::Totp, Self::RecoveryCode, Self::Passkey];

    /// Its name in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Email => "email",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
        }
    }

    /// The names of those that show a second factor. A session with one of them has shown it.
    pub(crate) fn second_factors() -> Vec<String> {
        [Self::Totp, Self::RecoveryCode, Self::Passkey].map(|method| method.as_str().to_owned()).into()
    }

    /// The method of that name. A newer version may know more.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// Its values in the claim `amr` (RFC 8176).
    #[must_use]
    pub fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::Email | Self::Totp | Self::RecoveryCode => &["otp"],
            // Possession of a key, and that somebody was there to use it.
            Self::Passkey => &["pop", "user"],
        }
    }

    /// Whether these methods together show more than one factor: a passkey does alone, because its authenticator asks who uses it for
    /// something that they know or are.
    pub(crate) fn show_more_than_one_factor(methods: &[Self]) -> bool {
        let is_second = |method: &Self| matches!(method, Self::Totp | Self::RecoveryCode);
        methods.contains(&Self::Passkey) || methods.iter().any(is_second) && !methods.iter().all(is_second)
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

    #[test]
    fn a_second_factor_beside_a_first_one_and_a_passkey_alone_are_more_than_one_factor() {
        use Method::{Email, Passkey, Password, RecoveryCode, Totp};
        for (methods, expected) in [
            (vec![], false),
            (vec![Password], false),
            (vec![Email], false),
            (vec![Email, Password], false),
            (vec![Totp], false),
            (vec![Totp, RecoveryCode], false),
            (vec![Password, Totp], true),
            (vec![Email, RecoveryCode], true),
            (vec![Passkey], true),
            (vec![Password, Passkey], true),
        ] {
            assert_eq!(Method::show_more_than_one_factor(&methods), expected, "{methods:?}");
        }
    }
}
