//! Sessions: `login`, `logout`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};

use super::account::User;
use super::error::ApiError;
use super::guard::{Viewer, public};
use super::problem::{ErrorCode, InvalidCredentials, RateLimited};
use super::scalars::DateTime;
use crate::app::{App, SignIn};
use crate::flows::{login, logout};
use crate::sessions;
use crate::tokens::TokenPair;

/// An account signed in on one device.
#[derive(SimpleObject)]
pub(crate) struct Session {
    /// Identifies the session: `sid` in its access tokens.
    id: ID,
    /// When it was opened.
    created_at: DateTime,
    /// When it was opened or last refreshed.
    last_used_at: DateTime,
    /// When it ends at the latest.
    expires_at: DateTime,
    /// The device's `User-Agent` when the session was opened, as the client claims it, at most 256 characters.
    user_agent: Option<String>,
    /// The device's address when the session was opened.
    ip_address: Option<String>,
}

impl From<sessions::Session> for Session {
    fn from(session: sessions::Session) -> Self {
        Self {
            id: session.id.0.into(),
            created_at: session.created_at.into(),
            last_used_at: session.last_used_at.into(),
            expires_at: session.expires_at.into(),
            user_agent: session.user_agent,
            ip_address: session.ip_address.map(|address| address.to_string()),
        }
    }
}

/// What a client needs to act for the account.
#[derive(SimpleObject)]
pub(crate) struct Tokens {
    /// A JWT (RFC 9068) for the header `Authorization: Bearer`. Keep it in memory.
    access_token: String,
    /// When the access token expires.
    access_token_expires_at: DateTime,
    /// Continues the session when the access token has expired. Keep it where scripts of others can't read it.
    refresh_token: String,
    /// `Bearer` (RFC 6750).
    token_type: &'static str,
}

impl From<TokenPair> for Tokens {
    fn from(tokens: TokenPair) -> Self {
        Self {
            access_token: tokens.access.expose().to_owned(),
            access_token_expires_at: tokens.access_expires_at.into(),
            refresh_token: tokens.refresh.expose().to_owned(),
            token_type: "Bearer",
        }
    }
}

/// What to sign in with.
#[derive(InputObject)]
pub(crate) struct LoginInput {
    /// The account's e-mail address or username, in any case.
    identifier: String,
    /// The account's password.
    #[graphql(secret)]
    password: String,
}

/// How a login ends.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "made once and answered at once")]
pub(crate) enum LoginResult {
    Success(LoginSuccess),
    InvalidCredentials(InvalidCredentials),
    RateLimited(RateLimited),
}

/// The account is signed in.
#[derive(SimpleObject)]
pub(crate) struct LoginSuccess {
    /// The account.
    user: User,
    /// The session that was opened.
    session: Session,
    /// The session's tokens.
    tokens: Tokens,
}

impl From<SignIn> for LoginSuccess {
    fn from(SignIn { account, session, tokens }: SignIn) -> Self {
        Self { user: account.into(), session: session.into(), tokens: tokens.into() }
    }
}

/// Which session to end, beside that of the access token.
#[derive(InputObject)]
pub(crate) struct LogoutInput {
    /// A refresh token of the session to end.
    #[graphql(secret)]
    refresh_token: Option<String>,
}

/// The sessions of the tokens that were sent have ended, on every instance.
#[derive(SimpleObject)]
pub(crate) struct LogoutSuccess {
    /// Whether a session ended now. False when there was nothing to end: it had ended before, or no token of ours was sent.
    ended: bool,
}

impl From<login::Outcome> for LoginResult {
    fn from(outcome: login::Outcome) -> Self {
        match outcome {
            login::Outcome::Success(sign_in) => Self::Success((*sign_in).into()),
            login::Outcome::InvalidCredentials => Self::InvalidCredentials(InvalidCredentials {
                code: ErrorCode::InvalidCredentials,
                message: "No account has this identifier and password.".to_owned(),
            }),
        }
    }
}

#[derive(Default)]
pub(crate) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs an account in: opens a session.
    #[graphql(directive = public::apply())]
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to sign in with.")] input: LoginInput,
    ) -> Result<Option<LoginResult>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Viewer>().client();
        Ok(Some(login::login(app, client, &input.identifier, input.password).await?.into()))
    }

    /// Ends the session of the access token, even of one that has expired, and that of the refresh token if one is given.
    /// Harmless when repeated.
    #[graphql(directive = public::apply())]
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session to end, beside that of the access token.")] input: Option<LogoutInput>,
    ) -> Result<Option<LogoutSuccess>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let credential = ctx.data_unchecked::<Viewer>().credential();
        let refresh_token = input.and_then(|input| input.refresh_token);
        let ended = logout::logout(app, credential, refresh_token.as_deref()).await?;
        Ok(Some(LogoutSuccess { ended }))
    }
}
