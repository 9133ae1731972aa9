//! The unsuccessful outcomes that a caller can cause.

mod code;

use std::time::Duration;

use async_graphql::{Enum, Interface, SimpleObject};

pub(crate) use code::ErrorCode;

use super::email::problem::{FlowExpired, InvalidCode};
use super::factor::ReauthenticationRequired;
use super::required::{
    EmailVerificationRequired, PasswordResetRequired, SecondFactorEnrolmentRequired, SecondFactorRequired,
};
use super::second_factor::problem::{
    InvalidPasskey, LastSecondFactor, LastSignInMethod, NoSecondFactor, PasskeyNotFound, TooManyPasskeys,
};
use crate::accounts::BadUsername;
use crate::passkeys::BadPasskeyName;
use crate::passwords::{BadPassword, Weakness};
use crate::use_cases::register::Fault;

/// An unsuccessful outcome that the caller can do something about. All members of a result union implement it, except
/// the success.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&ErrorCode", desc = "What happened, for programs."),
    field(name = "message", ty = "&String", desc = "What happened, in English, for people.")
)]
pub(crate) enum UserError {
    EmailTaken(EmailTaken),
    UsernameTaken(UsernameTaken),
    InvalidInput(InvalidInput),
    WeakPassword(WeakPassword),
    InvalidCredentials(InvalidCredentials),
    InvalidRefreshToken(InvalidRefreshToken),
    SessionNotFound(SessionNotFound),
    RateLimited(RateLimited),
    RegistrationClosed(RegistrationClosed),
    InvalidCode(InvalidCode),
    FlowExpired(FlowExpired),
    InvalidPasskey(InvalidPasskey),
    TooManyPasskeys(TooManyPasskeys),
    PasskeyNotFound(PasskeyNotFound),
    LastSignInMethod(LastSignInMethod),
    ReauthenticationRequired(ReauthenticationRequired),
    SecondFactorRequired(SecondFactorRequired),
    SecondFactorEnrolmentRequired(SecondFactorEnrolmentRequired),
    LastSecondFactor(LastSecondFactor),
    NoSecondFactor(NoSecondFactor),
    EmailVerificationRequired(EmailVerificationRequired),
    PasswordResetRequired(PasswordResetRequired),
}

/// There were too many attempts of this kind. Wait for `retryAfter` seconds.
#[derive(SimpleObject)]
pub(crate) struct RateLimited {
    /// Always `RATE_LIMITED`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Seconds until an attempt may succeed again.
    pub(super) retry_after: i32,
}

impl From<Duration> for RateLimited {
    fn from(retry_after: Duration) -> Self {
        let seconds = retry_after.as_secs_f64().ceil().clamp(1.0, f64::from(i32::MAX));
        Self {
            code: ErrorCode::RateLimited,
            message: "There were too many attempts. Try again later.".to_owned(),
            retry_after: seconds as i32,
        }
    }
}

/// Registration is closed. The operator creates the accounts.
#[derive(SimpleObject)]
pub(crate) struct RegistrationClosed {
    /// Always `REGISTRATION_CLOSED`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
}

/// Another account has this e-mail address.
#[derive(SimpleObject)]
pub(crate) struct EmailTaken {
    /// Always `EMAIL_TAKEN`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
}

/// Another account has this username.
#[derive(SimpleObject)]
pub(crate) struct UsernameTaken {
    /// Always `USERNAME_TAKEN`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
}

/// The password is too easily guessed. The rest of the input is valid.
#[derive(SimpleObject)]
pub(crate) struct WeakPassword {
    /// Always `WEAK_PASSWORD`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// What would make it stronger, in English, for people.
    pub(super) suggestions: Vec<String>,
}

/// Parts of the input are not valid. How easily the password is guessed is checked only when everything else is
/// valid.
#[derive(SimpleObject)]
pub(crate) struct InvalidInput {
    /// Always `INVALID_INPUT`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// All parts of the input that are not valid.
    pub(super) fields: Vec<FieldError>,
}

/// One part of the input that is not valid.
#[derive(SimpleObject)]
pub(crate) struct FieldError {
    /// The path to it, which begins with the name of the argument: `["input", "email"]`.
    path: Vec<String>,
    /// What is wrong, for programs.
    code: FieldErrorCode,
    /// What is wrong, in English, for people.
    pub(super) message: String,
}

/// What is wrong with a part of the input.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldErrorCode {
    /// It does not have the required form.
    InvalidFormat,
    /// It has too few characters.
    TooShort,
    /// It has too many characters.
    TooLong,
}

/// No account has this identifier and password, or the account is disabled. The answer does not tell which. For a
/// caller who is signed in and repeats the password: the password is wrong.
#[derive(SimpleObject)]
pub(crate) struct InvalidCredentials {
    /// Always `INVALID_CREDENTIALS`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
}

/// The refresh token is not accepted. The user has to sign in again.
#[derive(SimpleObject)]
pub(crate) struct InvalidRefreshToken {
    /// Always `INVALID_REFRESH_TOKEN`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Why it is not accepted.
    pub(super) reason: InvalidRefreshTokenReason,
}

/// Why a refresh token is not accepted.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidRefreshTokenReason {
    /// It is not a refresh token of this server.
    Invalid,
    /// Its session has expired, or was not used for too long.
    Expired,
    /// Its session was ended, its account was disabled or deleted, or the session expired more than a day ago.
    Revoked,
    /// This token and the one that followed it had been used before, so somebody else has a copy. The session was
    /// ended.
    Reused,
}

/// None of the caller's active sessions has this id. The session has ended, or it was never the caller's. The answer
/// does not tell which.
#[derive(SimpleObject)]
pub(crate) struct SessionNotFound {
    /// Always `SESSION_NOT_FOUND`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
}

impl InvalidInput {
    pub(super) fn new(fields: Vec<FieldError>) -> Self {
        let message = "Some of the input can't be taken.".to_owned();
        Self { code: ErrorCode::InvalidInput, message, fields }
    }
}

impl From<Weakness> for WeakPassword {
    fn from(weakness: Weakness) -> Self {
        Self {
            code: ErrorCode::WeakPassword,
            message: weakness.warning.unwrap_or_else(|| "This password is too easily guessed.".to_owned()),
            suggestions: weakness.suggestions,
        }
    }
}

impl FieldError {
    fn new(name: &str, code: FieldErrorCode, message: String) -> Self {
        Self { path: vec!["input".to_owned(), name.to_owned()], code, message }
    }

    /// An e-mail address that is not valid, in the input's field `name`.
    pub(super) fn email(name: &str) -> Self {
        Self::new(name, FieldErrorCode::InvalidFormat, "This is not an e-mail address.".to_owned())
    }

    /// A name of a passkey that is not valid.
    pub(super) fn passkey_name(why: BadPasskeyName) -> Self {
        let code = match why {
            BadPasskeyName::TooShort => FieldErrorCode::TooShort,
            BadPasskeyName::TooLong => FieldErrorCode::TooLong,
            BadPasskeyName::Characters => FieldErrorCode::InvalidFormat,
        };
        Self::new("name", code, why.to_string())
    }

    /// A password that is not valid, in the input's field `name`.
    pub(super) fn password(name: &str, why: BadPassword) -> Self {
        let code = match why {
            BadPassword::TooShort => FieldErrorCode::TooShort,
            BadPassword::TooLong => FieldErrorCode::TooLong,
        };
        Self::new(name, code, why.to_string())
    }
}

impl From<Fault> for FieldError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Email => Self::email("email"),
            Fault::Username(why) => {
                let code = match why {
                    BadUsername::TooShort => FieldErrorCode::TooShort,
                    BadUsername::TooLong => FieldErrorCode::TooLong,
                    BadUsername::Characters => FieldErrorCode::InvalidFormat,
                };
                Self::new("username", code, why.to_string())
            }
            Fault::Password(why) => Self::password("password", why),
        }
    }
}
