//! Accounts: `me`, `register`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};

use super::error::ApiError;
use super::guard::{Viewer, auth, public, signed_in};
use super::problem::{EmailTaken, ErrorCode, InvalidInput, RateLimited, UsernameTaken, WeakPassword};
use super::scalars::DateTime;
use super::session::{Session, Tokens};
use crate::accounts::{Account, Taken};
use crate::app::{App, SignIn};
use crate::flows::register::{self, Outcome, Registration};

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
