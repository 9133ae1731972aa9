//! Accounts: `me`, `register`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};

use super::error::ApiError;
use super::events::{SecurityEventConnection, events_of};
use super::guard::{Requester, auth, public, signed_in};
use super::problem::{
    EmailTaken, ErrorCode, InvalidInput, RateLimited, RegistrationClosed, UsernameTaken, WeakPassword,
};
use super::scalars::DateTime;
use super::session::list::{SessionConnection, sessions_of};
use super::session::object::{Session, parts};
use super::session::tokens::{Delivery, TokenTransport, Tokens};
use crate::accounts::NameTaken;
use crate::app::{App, SignIn, SignedIn};
use crate::tokens::PlainToken;
use crate::use_cases::register::{self, Outcome, Registration};

/// A user account: always the caller's own.
pub(crate) struct User(SignedIn);

impl User {
    pub(crate) fn of(caller: SignedIn) -> Self {
        Self(caller)
    }
}

/// A user account. It is always the caller's own: nobody sees another's.
#[Object]
impl User {
    /// Identifies the account for ever: `sub` in access tokens.
    async fn id(&self) -> ID {
        self.0.account().id.0.into()
    }

    /// The e-mail address, as typed at registration, its domain in ASCII.
    async fn email(&self) -> &str {
        &self.0.account().email
    }

    /// The username, as typed at registration.
    async fn username(&self) -> Option<&str> {
        self.0.account().username.as_deref()
    }

    /// What the account may do, set by the operator: `roles` in access tokens.
    async fn roles(&self) -> &[String] {
        &self.0.account().roles
    }

    /// When the account was registered.
    async fn created_at(&self) -> DateTime {
        self.0.account().created_at.into()
    }

    /// The account's active sessions, the newest first.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at the most: 1 to 100.", default_with = "Some(20)")] first: Option<u16>,
        #[graphql(desc = "The cursor of the session before the first.")] after: Option<String>,
    ) -> Result<Option<SessionConnection>, ApiError> {
        sessions_of(ctx, &self.0, first, after.as_deref()).await.map(Some)
    }

    /// What happened to the account, the newest first: who signed in, who tried to, what was ended and changed.
    async fn security_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at the most: 1 to 100.", default_with = "Some(20)")] first: Option<u16>,
        #[graphql(desc = "The cursor of the event before the first.")] after: Option<String>,
    ) -> Result<Option<SecurityEventConnection>, ApiError> {
        events_of(ctx, &self.0, first, after.as_deref()).await.map(Some)
    }
}

#[derive(Default)]
pub(crate) struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The account of the caller.
    #[graphql(directive = auth::apply())]
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        Ok(Some(User::of(signed_in(ctx).await?.clone())))
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
    /// How the refresh token travels, now and whenever it is renewed.
    #[graphql(default)]
    transport: TokenTransport,
}

/// How a registration ends.
#[derive(Union)]
pub(crate) enum RegisterResult {
    Success(RegisterSuccess),
    EmailTaken(EmailTaken),
    UsernameTaken(UsernameTaken),
    InvalidInput(InvalidInput),
    WeakPassword(WeakPassword),
    RateLimited(RateLimited),
    RegistrationClosed(RegistrationClosed),
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
    /// Says that this device has signed in to the account, for its next `login`. Keep it beside the refresh token, also after logging
    /// out. It opens nothing. It is worth something for 90 days, and until the password is changed; each `login` brings a new one. Null
    /// when it is in a cookie.
    device_token: Option<String>,
}

impl RegisterSuccess {
    fn new(sign_in: SignIn, device: PlainToken, delivery: Delivery<'_>) -> Self {
        let device_token = delivery.device(device, sign_in.session.created_at);
        let (caller, session, tokens) = parts(sign_in, delivery);
        Self { user: User::of(caller), session, tokens, device_token }
    }
}

impl RegisterResult {
    fn new(outcome: Outcome, delivery: Delivery<'_>) -> Self {
        match outcome {
            Outcome::Success(sign_in, device) => Self::Success(RegisterSuccess::new(*sign_in, device, delivery)),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
            Outcome::Closed => Self::RegistrationClosed(RegistrationClosed {
                code: ErrorCode::RegistrationClosed,
                message: "Nobody can register here.".to_owned(),
            }),
            Outcome::Taken(NameTaken::Email) => Self::EmailTaken(EmailTaken {
                code: ErrorCode::EmailTaken,
                message: "An account with this e-mail address exists.".to_owned(),
            }),
            Outcome::Taken(NameTaken::Username) => Self::UsernameTaken(UsernameTaken {
                code: ErrorCode::UsernameTaken,
                message: "An account with this username exists.".to_owned(),
            }),
            Outcome::Invalid(faults) => {
                Self::InvalidInput(InvalidInput::new(faults.into_iter().map(Into::into).collect()))
            }
            Outcome::Weak(weakness) => Self::WeakPassword(weakness.into()),
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
        let client = ctx.data_unchecked::<Requester>().client();
        let typed = Registration { email: input.email, password: input.password, username: input.username };
        let delivery = Delivery::asked(ctx, input.transport)?;
        Ok(Some(RegisterResult::new(register::register(app, client, typed).await?, delivery)))
    }
}
