//! Accounts: `me`, `register`.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject, Union};

use super::error::ApiError;
use super::guard::{Viewer, auth, public, signed_in};
use super::problem::{ErrorCode, RateLimited};
use super::scalars::DateTime;
use super::session::{Session, Tokens};
use crate::accounts::{Account, Taken};
use crate::app::{App, SignIn};
use crate::flows::register::{self, Fault, Outcome, Registration};
use crate::passwords::BadPassword;

/// A user account.
#[derive(SimpleObject)]
pub(crate) struct User {
    /// Identifies the account for ever: `sub` in access tokens.
    id: ID,
    /// The e-mail address, as typed at registration, its domain in ASCII.
    email: String,
    /// The username, as typed at registration.
    username: Option<String>,
    /// What the account may do, set by the operator: `roles` in access tokens.
    roles: Vec<String>,
    /// When the account was registered.
    created_at: DateTime,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.0.into(),
            email: account.email,
            username: account.username,
            roles: account.roles,
            created_at: account.created_at.into(),
        }
    }
}

#[derive(Default)]
pub(crate) struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The account of the caller.
    #[graphql(directive = auth::apply())]
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        Ok(Some(signed_in(ctx).await?.account.clone().into()))
    }
}

/// What to register with.
#[derive(InputObject)]
pub(crate) struct RegisterInput {
    /// An e-mail address, at most 254 octets. Case does not tell addresses apart.
    email: String,
    /// 8 to 256 characters. Spaces count; common passwords are refused.
    #[graphql(secret)]
    password: String,
    /// 3 to 32 letters, digits and `.` `-` `_`, if a username is wanted. Case does not tell usernames apart.
    username: Option<String>,
}

/// How a registration ends.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "made once and answered at once")]
pub(crate) enum RegisterResult {
    Success(RegisterSuccess),
    EmailTaken(EmailTaken),
    UsernameTaken(UsernameTaken),
    InvalidInput(InvalidInput),
    WeakPassword(WeakPassword),
    RateLimited(RateLimited),
}

/// The account exists, and is signed in.
#[derive(SimpleObject)]
pub(crate) struct RegisterSuccess {
    /// The new account.
    user: User,
    /// Its first session.
    session: Session,
    /// The session's tokens.
    tokens: Tokens,
}

impl From<SignIn> for RegisterSuccess {
    fn from(SignIn { account, session, tokens }: SignIn) -> Self {
        Self { user: account.into(), session: session.into(), tokens: tokens.into() }
    }
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
    suggestions: Vec<String>,
}

/// Parts of the input can't be taken.
#[derive(SimpleObject)]
pub(crate) struct InvalidInput {
    /// INVALID_INPUT
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Every part at fault.
    fields: Vec<FieldError>,
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
    /// It is too easily guessed.
    TooWeak,
}

impl From<Fault> for FieldError {
    fn from(fault: Fault) -> Self {
        use crate::accounts::BadUsername;
        let (name, code, message) = match fault {
            Fault::Email => ("email", FieldErrorCode::InvalidFormat, "This is not an e-mail address.".to_owned()),
            Fault::Username(why) => {
                let code = match why {
                    BadUsername::TooShort => FieldErrorCode::TooShort,
                    BadUsername::TooLong => FieldErrorCode::TooLong,
                    BadUsername::Characters => FieldErrorCode::InvalidFormat,
                };
                ("username", code, why.to_string())
            }
            Fault::Password(why) => {
                let code = match why {
                    BadPassword::TooShort => FieldErrorCode::TooShort,
                    BadPassword::TooLong => FieldErrorCode::TooLong,
                };
                ("password", code, why.to_string())
            }
            Fault::WeakPassword => {
                ("password", FieldErrorCode::TooWeak, "This password is too easily guessed.".to_owned())
            }
        };
        Self { path: vec!["input".to_owned(), name.to_owned()], code, message }
    }
}

impl From<Outcome> for RegisterResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success(sign_in) => Self::Success((*sign_in).into()),
            Outcome::Taken(Taken::Email) => Self::EmailTaken(EmailTaken {
                code: ErrorCode::EmailTaken,
                message: "An account with this e-mail address exists.".to_owned(),
            }),
            Outcome::Taken(Taken::Username) => Self::UsernameTaken(UsernameTaken {
                code: ErrorCode::UsernameTaken,
                message: "An account with this username exists.".to_owned(),
            }),
            Outcome::Invalid(faults) => Self::InvalidInput(InvalidInput {
                code: ErrorCode::InvalidInput,
                message: "Some of the input can't be taken.".to_owned(),
                fields: faults.into_iter().map(Into::into).collect(),
            }),
            Outcome::Weak(weakness) => Self::WeakPassword(WeakPassword {
                code: ErrorCode::WeakPassword,
                message: weakness.warning.unwrap_or_else(|| "This password is too easily guessed.".to_owned()),
                suggestions: weakness.suggestions,
            }),
        }
    }
}

#[derive(Default)]
pub(crate) struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Makes an account and signs it in.
    #[graphql(directive = public::apply())]
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to register with.")] input: RegisterInput,
    ) -> Result<Option<RegisterResult>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Viewer>().client();
        let typed = Registration { email: input.email, password: input.password, username: input.username };
        Ok(Some(register::register(app, client, typed).await?.into()))
    }
}
