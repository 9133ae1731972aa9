//! With what people prove who they are.

use async_graphql::{Enum, OneofObject, SimpleObject};

use super::problem::ErrorCode;
use super::scalars::WebAuthnJson;
use crate::app::{self, WaysToProve};
use crate::sessions::Method;
use crate::use_cases::reauthenticate::Factor;

/// What somebody is told who is not fresh.
pub(super) const STALE: &str = "Prove who you are once more, and try again.";

/// What whoever proves it by the password alone is told.
const PASSWORD_ALONE: &str = "The password is right, and this account needs its second factor as well.";

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
            Method::Totp => Self::Totp,
            Method::RecoveryCode => Self::RecoveryCode,
            Method::Passkey => Self::Passkey,
        }
    }
}

/// A second factor: exactly one.
#[derive(OneofObject)]
pub(crate) enum FactorInput {
    /// The six digits that the account's authenticator app shows. Each code is accepted once. Spaces and hyphens between them do no
    /// harm.
    #[graphql(secret)]
    Totp(String),
    /// One of the account's recovery codes, which is used up. Upper and lower case are the same, and spaces and hyphens do no harm.
    #[graphql(secret)]
    RecoveryCode(String),
    /// What the browser made of the `passkeyOptions` of `SecondFactorRequired`, as its `toJSON()` gives it
    /// (`AuthenticationResponseJSON`). It is accepted once, in the flow for which it was asked.
    #[graphql(secret)]
    Passkey(WebAuthnJson),
}

impl From<FactorInput> for app::FactorInput {
    fn from(input: FactorInput) -> Self {
        match input {
            FactorInput::Totp(code) => Self::Totp(code),
            FactorInput::RecoveryCode(code) => Self::RecoveryCode(code),
            FactorInput::Passkey(answer) => Self::Passkey(answer.into()),
        }
    }
}

/// What the caller proves who they are with: exactly one.
#[derive(OneofObject)]
pub(crate) enum ReauthFactorInput {
    /// The account's password.
    #[graphql(secret)]
    Password(String),
    /// A code that the account's authenticator app shows. Each is accepted once.
    #[graphql(secret)]
    Totp(String),
    /// What the browser made of the `passkeyOptions` of `ReauthenticationRequired`, as its `toJSON()` gives it
    /// (`AuthenticationResponseJSON`). It is accepted once.
    #[graphql(secret)]
    Passkey(WebAuthnJson),
}

impl From<ReauthFactorInput> for Factor {
    fn from(input: ReauthFactorInput) -> Self {
        match input {
            ReauthFactorInput::Password(password) => Self::Password(password),
            ReauthFactorInput::Totp(code) => Self::Totp(code),
            ReauthFactorInput::Passkey(answer) => Self::Passkey(answer.into()),
        }
    }
}

/// The caller has signed in, or proved anew who they are, more than ten minutes ago. Prove it once more and send the operation
/// again with the new access token. Nothing was done. `reauthenticate` answers a right password by this, where the account has a
/// second factor and the session has not shown one.
#[derive(SimpleObject)]
pub(crate) struct ReauthenticationRequired {
    /// Always `REAUTHENTICATION_REQUIRED`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// By what the caller can prove it. `PASSKEY`, `PASSWORD` and `TOTP`: by `reauthenticate`. `PASSWORD` is left out where the account has a
    /// second factor, and the session has not shown one. `EMAIL`: by signing in again with a mail, which opens
    /// another session. Empty if there is nothing that this server offers for it.
    methods: Vec<FactorKind>,
    /// What the browser needs to ask for a passkey, within ten minutes. Null if the account has none.
    passkey_options: Option<WebAuthnJson>,
}

impl ReauthenticationRequired {
    /// The answer to a password that is right and not enough.
    pub(super) fn after_password(ways: WaysToProve) -> Self {
        Self { message: PASSWORD_ALONE.to_owned(), ..ways.into() }
    }
}

impl From<WaysToProve> for ReauthenticationRequired {
    fn from(ways: WaysToProve) -> Self {
        Self {
            code: ErrorCode::ReauthenticationRequired,
            message: STALE.to_owned(),
            methods: ways.methods.into_iter().map(Into::into).collect(),
            passkey_options: ways.passkey_options.map(Into::into),
        }
    }
}
