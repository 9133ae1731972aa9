//! Accounts: `me`, `register`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;

use super::email::started::RegistrationPending;
use super::error::ApiError;
use super::guard::{Requester, auth, public, signed_in};
use super::problem::{
    EmailTaken, ErrorCode, InvalidInput, RateLimited, RegistrationClosed, UsernameTaken, WeakPassword,
};
use super::required::SecondFactorEnrolmentRequired;
use super::session::object::{Session, parts};
use super::session::tokens::{Delivery, TokenTransport, Tokens};
use super::user::User;
use crate::accounts::NameTaken;
use crate::app::{App, SignIn};
use crate::graphql::counted::{Counted, counted};
use crate::tokens::PlainToken;
use crate::use_cases::register::{self, Outcome, Registration};

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

/// The input of `register`.
#[derive(InputObject)]
pub(crate) struct RegisterInput {
    /// An e-mail address of at most 254 octets. Addresses that differ only in case are the same.
    email: String,
    /// A password of 8 to 256 characters. Spaces are kept. Common passwords are refused.
    #[graphql(secret)]
    password: String,
    /// An optional username of 3 to 32 letters, digits and `.` `-` `_`. Usernames that differ only in case are the
    /// same.
    username: Option<String>,
    /// How the client gets the refresh token, now and at each refresh.
    #[graphql(default)]
    transport: TokenTransport,
    /// The language of the mail that confirms the registration, as a tag of BCP 47, such as `de`. By default it is chosen by
    /// the header `Accept-Language`.
    locale: Option<String>,
}

/// The outcome of `register`.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "one lives for as long as its answer is written")]
pub(crate) enum RegisterResult {
    Success(RegisterSuccess),
    EmailTaken(EmailTaken),
    UsernameTaken(UsernameTaken),
    InvalidInput(InvalidInput),
    WeakPassword(WeakPassword),
    RateLimited(RateLimited),
    RegistrationClosed(RegistrationClosed),
    RegistrationPending(RegistrationPending),
    SecondFactorEnrolmentRequired(SecondFactorEnrolmentRequired),
}

/// The account was created and is signed in.
#[derive(SimpleObject)]
pub(crate) struct RegisterSuccess {
    /// The new account.
    user: User,
    /// Its first session.
    session: Session,
    /// The session's tokens.
    tokens: Tokens,
    /// A token that proves at the next `login` that this device has signed in to the account before. Store it with
    /// the refresh token, and keep it after a logout. It gives no access to anything. It is valid for 90 days, until
    /// the password is changed, and each `login` brings a new one. Null when it is in a cookie.
    device_token: Option<String>,
}

impl RegisterSuccess {
    pub(super) fn new(sign_in: SignIn, device: PlainToken, delivery: Delivery<'_>) -> Self {
        let device_token = delivery.device(device, sign_in.session.created_at);
        let (caller, session, tokens) = parts(sign_in, delivery);
        Self { user: User::of(caller), session, tokens, device_token }
    }
}

impl RegisterResult {
    fn new(outcome: Outcome, delivery: Delivery<'_>) -> Self {
        match outcome {
            Outcome::Success(sign_in, device) => Self::Success(RegisterSuccess::new(*sign_in, device, delivery)),
            Outcome::EnrolmentRequired(step) => Self::SecondFactorEnrolmentRequired(step.into()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
            Outcome::Closed => Self::RegistrationClosed(RegistrationClosed {
                code: ErrorCode::RegistrationClosed,
                message: "Nobody can register here.".to_owned(),
            }),
            Outcome::Taken(name) => match taken(name) {
                Ok(email) => Self::EmailTaken(email),
                Err(username) => Self::UsernameTaken(username),
            },
            Outcome::Pending(started) => Self::RegistrationPending(started.into()),
            Outcome::Invalid(faults) => {
                Self::InvalidInput(InvalidInput::new(faults.into_iter().map(Into::into).collect()))
            }
            Outcome::Weak(weakness) => Self::WeakPassword(weakness.into()),
        }
    }
}

/// Another account has the e-mail address.
pub(super) fn email_taken() -> EmailTaken {
    let message = "An account with this e-mail address exists.".to_owned();
    EmailTaken { code: ErrorCode::EmailTaken, message }
}

/// The name that another account has.
pub(super) fn taken(name: NameTaken) -> Result<EmailTaken, UsernameTaken> {
    match name {
        NameTaken::Email => Ok(email_taken()),
        NameTaken::Username => Err(UsernameTaken {
            code: ErrorCode::UsernameTaken,
            message: "An account with this username exists.".to_owned(),
        }),
    }
}

#[derive(Default)]
pub(crate) struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Creates an account and signs it in. Where the server asks for a proof of the e-mail address, it sends a mail instead, and
    /// the account is created by `confirmRegistration`. Where the account needs a second factor, it is created, and signed in by
    /// `completeSecondFactorEnrolment`.
    #[graphql(directive = public::apply())]
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to register with.")] input: RegisterInput,
    ) -> Result<Option<Counted<RegisterResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let RegisterInput { email, password, username, transport, locale } = input;
        let typed = Registration { email, password, username };
        let delivery = Delivery::asked(ctx, transport)?;
        Ok(counted(RegisterResult::new(
            register::register(app, client, typed, locale.as_deref()).boxed().await?,
            delivery,
        )))
    }
}
