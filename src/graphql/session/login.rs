//! `login`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;

use super::object::{Session, parts};
use super::tokens::{Delivery, TokenTransport, Tokens};
use crate::app::{App, SignIn};
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::graphql::problem::{ErrorCode, InvalidCredentials, RateLimited};
use crate::graphql::required::{
    EmailVerificationRequired, PasswordResetRequired, SecondFactorEnrolmentRequired, SecondFactorRequired,
};
use crate::graphql::user::User;
use crate::tokens::PlainToken;
use crate::use_cases::login::{self, Login, Outcome};

/// The input of `login`.
#[derive(InputObject)]
pub(crate) struct LoginInput {
    /// The account's e-mail address or username. Upper and lower case are the same.
    identifier: String,
    /// The account's password.
    #[graphql(secret)]
    password: String,
    /// The `deviceToken` that this device got when it last signed in to the account. With it the device has attempts
    /// of its own, which others who try the account's password can't use up. With the transport COOKIE the browser
    /// sends it by itself.
    #[graphql(secret)]
    device_token: Option<String>,
    /// How the client gets the refresh token, now and at each refresh.
    #[graphql(default)]
    transport: TokenTransport,
}

/// The outcome of `login`.
#[derive(Union)]
pub(crate) enum LoginResult {
    Success(LoginSuccess),
    InvalidCredentials(InvalidCredentials),
    RateLimited(RateLimited),
    SecondFactorRequired(SecondFactorRequired),
    SecondFactorEnrolmentRequired(SecondFactorEnrolmentRequired),
    EmailVerificationRequired(EmailVerificationRequired),
    PasswordResetRequired(PasswordResetRequired),
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
    /// A token that proves at the next `login` that this device has signed in to the account before. Store it with
    /// the refresh token, and keep it after a logout. It gives no access by itself; on a trusted device it
    /// takes the place of the second factor. It is valid for 90 days, until the password is changed, and each sign-in brings a new one. Null when it is in a cookie, and for an account without a
    /// password.
    device_token: Option<String>,
}

impl LoginSuccess {
    pub(in crate::graphql) fn new(sign_in: SignIn, device: Option<PlainToken>, delivery: Delivery<'_>) -> Self {
        let device_token = device.and_then(|device| delivery.device(device, sign_in.session.created_at));
        let (caller, session, tokens) = parts(sign_in, delivery);
        Self { user: User::of(caller), session, tokens, device_token }
    }
}

impl LoginResult {
    fn new(outcome: Outcome, delivery: Delivery<'_>) -> Self {
        match outcome {
            Outcome::Success(sign_in, device) => Self::Success(LoginSuccess::new(*sign_in, Some(device), delivery)),
            Outcome::SecondFactorRequired(step) => Self::SecondFactorRequired(step.into()),
            Outcome::EnrolmentRequired(step) => Self::SecondFactorEnrolmentRequired(step.into()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
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
    /// Signs an account in, which opens a session. An account with a second factor is signed in by `completeSignIn`,
    /// and one that has none and needs one by `completeSecondFactorEnrolment`.
    #[graphql(directive = public::apply())]
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account and its password.")] input: LoginInput,
    ) -> Result<Option<Counted<LoginResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let LoginInput { identifier, password, device_token, transport } = input;
        let delivery = Delivery::asked(ctx, transport)?;
        let device_token = device_token.or_else(|| delivery.known_device());
        let outcome = login::login(app, client, Login { identifier, password, device_token }).boxed().await?;
        Ok(counted(LoginResult::new(outcome, delivery)))
    }
}
