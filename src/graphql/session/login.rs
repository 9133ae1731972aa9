//! `login`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};

use super::{Delivery, Session, TokenTransport, Tokens, parts};
use crate::app::{App, SignIn};
use crate::flows::login::{self, Outcome};
use crate::graphql::account::User;
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Viewer, public};
use crate::graphql::problem::{ErrorCode, InvalidCredentials, RateLimited};

/// What to sign in with.
#[derive(InputObject)]
pub(crate) struct LoginInput {
    /// The account's e-mail address or username, in any case.
    identifier: String,
    /// The account's password.
    #[graphql(secret)]
    password: String,
    /// How the refresh token travels, now and whenever it is renewed.
    #[graphql(default)]
    transport: TokenTransport,
}

/// How a login ends.
#[derive(Union)]
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

impl LoginSuccess {
    fn new(sign_in: SignIn, delivery: Delivery<'_>) -> Self {
        let (caller, session, tokens) = parts(sign_in, delivery);
        Self { user: User::of(caller), session, tokens }
    }
}

impl LoginResult {
    fn new(outcome: Outcome, delivery: Delivery<'_>) -> Self {
        match outcome {
            Outcome::Success(sign_in) => Self::Success(LoginSuccess::new(*sign_in, delivery)),
            Outcome::InvalidCredentials => Self::InvalidCredentials(InvalidCredentials {
                code: ErrorCode::InvalidCredentials,
                message: "No account has this identifier and password.".to_owned(),
            }),
        }
    }
}

#[derive(Default)]
pub(super) struct LoginMutation;

#[Object]
impl LoginMutation {
    /// Signs an account in: opens a session.
    #[graphql(directive = public::apply())]
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to sign in with.")] input: LoginInput,
    ) -> Result<Option<LoginResult>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Viewer>().client();
        let delivery = Delivery::asked(ctx, input.transport)?;
        let outcome = login::login(app, client, &input.identifier, input.password).await?;
        Ok(Some(LoginResult::new(outcome, delivery)))
    }
}
