//! With what people prove who they are.

use async_graphql::{Enum, OneofObject, SimpleObject};

use super::problem::ErrorCode;
use crate::sessions::Method;

/// What somebody is told who is not fresh.
pub(super) const STALE: &str = "Prove who you are once more, and try again.";

/// The reason in `errors`, where a field has no union. It is the same as the code of [`ReauthenticationRequired`].
pub(super) const REAUTHENTICATION_REQUIRED: &str = "REAUTHENTICATION_REQUIRED";

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

/// What the caller proves who they are with: exactly one.
#[derive(OneofObject)]
pub(crate) enum ReauthFactorInput {
    /// The account's password.
    #[graphql(secret)]
    Password(String),
}

/// The caller has signed in, or proved anew who they are, more than ten minutes ago. Prove it once more and send the operation
/// again with the new access token. Nothing was done.
#[derive(SimpleObject)]
pub(crate) struct ReauthenticationRequired {
    /// Always `REAUTHENTICATION_REQUIRED`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// By what this account can prove it. `PASSWORD`: by `reauthenticate`. `EMAIL`: by signing in again with a mail, which opens
    /// another session. Empty if there is nothing that this server offers for it.
    methods: Vec<FactorKind>,
}

impl ReauthenticationRequired {
    pub(super) fn new(methods: Vec<Method>) -> Self {
        let methods = methods.into_iter().map(Into::into).collect();
        Self { code: ErrorCode::ReauthenticationRequired, message: STALE.to_owned(), methods }
    }
}
