//! With what people prove who they are.

use async_graphql::Enum;

use crate::sessions::Method;

/// A way of proving who one is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactorKind {
    /// A password.
    Password,
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// One of the codes that were shown once.
    RecoveryCode,
    /// A passkey (WebAuthn).
    Passkey,
    /// A code or a link in a mail.
    Email,
    /// An account of another provider.
    Identity,
}

impl From<Method> for FactorKind {
    fn from(method: Method) -> Self {
        match method {
            Method::Password => Self::Password,
            Method::Email => Self::Email,
        }
    }
}
