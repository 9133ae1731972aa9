//! Outcomes that a caller can bring about and would rather not.

use std::time::Duration;

use async_graphql::{Enum, Interface, SimpleObject};

use crate::accounts::BadUsername;
use crate::passwords::{BadPassword, Weakness};
use crate::use_cases::register::Fault;

/// An outcome that the caller can mend. Every result union's members other than its success implement it.
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
}

/// What happened.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// Another account has this e-mail address.
    EmailTaken,
    /// Another account has this username.
    UsernameTaken,
    /// Parts of the input can't be taken; `fields` names each.
    InvalidInput,
    /// The password is too easily guessed.
    WeakPassword,
    /// No account has this identifier and password; or, of a caller who is signed in, that is not the password.
    InvalidCredentials,
    /// The refresh token is not accepted; `reason` says why.
    InvalidRefreshToken,
    /// None of the caller's active sessions has this id.
    SessionNotFound,
    /// There were too many attempts.
    RateLimited,
    /// Nobody can register here.
    RegistrationClosed,
}

/// There were too many attempts of this kind. Wait for `retryAfter` seconds.
#[derive(SimpleObject)]
pub(crate) struct RateLimited {
    /// RATE_LIMITED
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

/// Nobody can register here: the operator makes the accounts.
#[derive(SimpleObject)]
pub(crate) struct RegistrationClosed {
    /// REGISTRATION_CLOSED
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
}

/// Another account has this e-mail address.
#[derive(SimpleObject)]
pub(crate) struct EmailTaken {
    /// EMAIL_TAKEN
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
}

/// Another account has this username.
#[derive(SimpleObject)]
pub(crate) struct UsernameTaken {
    /// USERNAME_TAKEN
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
}

/// The password is too easily guessed. Everything else was in order.
#[derive(SimpleObject)]
pub(crate) struct WeakPassword {
    /// WEAK_PASSWORD
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// What would make it stronger, in English, for people.
    pub(super) suggestions: Vec<String>,
}

/// Parts of the input can't be taken. How easily a password is guessed is judged when everything else is in order.
#[derive(SimpleObject)]
pub(crate) struct InvalidInput {
    /// INVALID_INPUT
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Every part at fault.
    pub(super) fields: Vec<FieldError>,
}

/// One part of the input that can't be taken.
#[derive(SimpleObject)]
pub(crate) struct FieldError {
    /// Where it is, from the argument downward: `["input", "email"]`.
    path: Vec<String>,
    /// What is wrong, for programs.
    code: FieldErrorCode,
    /// What is wrong, in English, for people.
    pub(super) message: String,
}

/// What is wrong with a part of the input.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldErrorCode {
    /// It has another form than is asked for.
    InvalidFormat,
    /// It has too few characters.
    TooShort,
    /// It has too many characters.
    TooLong,
}

/// No account has this identifier and password, or the account is disabled: which of these is not told. Of a caller who is signed in
/// and gives the password once more: that is not it.
#[derive(SimpleObject)]
pub(crate) struct InvalidCredentials {
    /// INVALID_CREDENTIALS
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
}

/// The refresh token is not accepted. Sign in again.
#[derive(SimpleObject)]
pub(crate) struct InvalidRefreshToken {
    /// INVALID_REFRESH_TOKEN
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Why it is not accepted.
    pub(super) reason: InvalidRefreshTokenReason,
}

/// Why a refresh token is not accepted.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidRefreshTokenReason {
    /// It is no refresh token of this server.
    Invalid,
    /// Its session is past its end, or was not used for too long.
    Expired,
    /// Its session was ended, or its account disabled or removed; or the session expired more than a day ago.
    Revoked,
    /// It and its successor had been used before, so somebody else has a copy: the session has been ended.
    Reused,
}

/// None of the caller's active sessions has this id: it has ended, or it never was the caller's. Which of these is not told.
#[derive(SimpleObject)]
pub(crate) struct SessionNotFound {
    /// SESSION_NOT_FOUND
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

    /// A password that can't be taken, in the input's field `name`.
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
            Fault::Email => {
                Self::new("email", FieldErrorCode::InvalidFormat, "This is not an e-mail address.".to_owned())
            }
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
