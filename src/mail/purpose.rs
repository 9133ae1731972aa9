//! What a link in a mail is for.

use super::Kind;

/// What the page behind a link has to do. Its name and the token stand in the fragment of the link:
/// `#sign-in=<token>`. The pages of applications know these names, so a name never changes. `docs/links.md` lists them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray, strum::Display,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Purpose {
    /// Make the account, and sign in to it.
    ConfirmRegistration,
    /// Verify the address of an account.
    ConfirmEmail,
    /// Sign in.
    SignIn,
    /// Ask for a new password, and set it.
    ResetPassword,
    /// Give the account its new address.
    ConfirmEmailChange,
    /// Give the account its old address back, and set a new password.
    RevertEmailChange,
}

impl Purpose {
    /// What the link in a mail of this kind is for. `None` if there is none in it.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::ConfirmRegistration => Some(Self::ConfirmRegistration),
            Kind::ConfirmEmail => Some(Self::ConfirmEmail),
            Kind::SignIn => Some(Self::SignIn),
            Kind::AddressTaken | Kind::ResetPassword | Kind::AccountRecovered => Some(Self::ResetPassword),
            Kind::ConfirmEmailChange => Some(Self::ConfirmEmailChange),
            Kind::EmailChanged => Some(Self::RevertEmailChange),
            Kind::PasswordReset
            | Kind::TotpAdded
            | Kind::TotpRemoved
            | Kind::RecoveryCodesReplaced
            | Kind::RecoveryCodeUsed
            | Kind::PasskeyAdded
            | Kind::PasskeyRemoved
            | Kind::DeviceTrusted
            | Kind::PasskeyRefused => None,
        }
    }

    /// The name in the fragment.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn the_page_for_application_developers_lists_every_purpose() {
        let page = include_str!("../../docs/links.md");
        for purpose in Purpose::VARIANTS {
            assert!(page.contains(&format!("| `{purpose}` |")), "{purpose}");
            assert_eq!(purpose.as_str().parse(), Ok(*purpose));
        }
    }
}
