//! `startSecondFactorEnrolment`, `completeSecondFactorEnrolment`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, OneofObject, SimpleObject, Union};
use futures_util::FutureExt;

use crate::app::{App, SignIn};
use crate::graphql::counted::{Counted, counted};
use crate::graphql::email::problem::{FlowExpired, InvalidCode};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::graphql::problem::{FieldError, InvalidInput, RateLimited};
use crate::graphql::scalars::{DateTime, WebAuthnJson};
use crate::graphql::second_factor::problem::InvalidPasskey;
use crate::graphql::session::object::{Session, parts};
use crate::graphql::session::tokens::{Delivery, TokenTransport, Tokens};
use crate::graphql::user::User;
use crate::recovery_codes::RecoveryCode;
use crate::tokens::PlainToken;
use crate::use_cases::complete_second_factor_enrolment::{self as complete, Enrolment, NewFactor};
use crate::use_cases::start_second_factor_enrolment as start;

/// The input of `startSecondFactorEnrolment`.
#[derive(InputObject)]
pub(crate) struct StartSecondFactorEnrolmentInput {
    /// The `flow` of `SecondFactorEnrolmentRequired`.
    #[graphql(secret)]
    flow: String,
}

/// The outcome of `startSecondFactorEnrolment`.
#[derive(Union)]
pub(crate) enum StartSecondFactorEnrolmentResult {
    Started(SecondFactorEnrolmentStarted),
    FlowExpired(FlowExpired),
    RateLimited(RateLimited),
}

/// What sets a second factor up: an authenticator app, with one of `secret`, `uri` and `qrSvg`, or a passkey. Send a code of the app or
/// the passkey to `completeSecondFactorEnrolment`. Until then the account is as it was.
#[derive(SimpleObject)]
pub(crate) struct SecondFactorEnrolmentStarted {
    /// What the app makes codes from, in base32 (RFC 4648), for whoever types it in. The codes have six digits, change every 30
    /// seconds, and are made with SHA-1 (RFC 6238).
    secret: String,
    /// The same as a URI `otpauth://totp/...`, which opens the app on the same device.
    uri: String,
    /// The QR code of the URI: an element `<svg>`, which can stand in a page or in a `data:` URL.
    qr_svg: String,
    /// For a passkey: `navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(passkeyOptions) })`.
    /// Null where there are no passkeys.
    passkey_options: Option<WebAuthnJson>,
    /// When the first step has to be made again.
    expires_at: DateTime,
}

/// The input of `completeSecondFactorEnrolment`.
#[derive(InputObject)]
pub(crate) struct CompleteSecondFactorEnrolmentInput {
    /// The `flow` of `SecondFactorEnrolmentRequired`.
    #[graphql(secret)]
    flow: String,
    /// What shows that the second factor works.
    factor: NewFactorInput,
    /// What its owner calls the passkey, as in `addPasskey`. By default it is `Passkey`.
    name: Option<String>,
    /// The `deviceToken` that this device got when it last signed in to the account, unless the first step has sent it. With the
    /// transport COOKIE the browser sends it by itself.
    #[graphql(secret)]
    device_token: Option<String>,
    /// How the client gets the refresh token, now and at each refresh.
    #[graphql(default)]
    transport: TokenTransport,
}

/// A second factor that is added: exactly one.
#[derive(OneofObject)]
pub(crate) enum NewFactorInput {
    /// The six digits that the authenticator app shows. The same code is not accepted a second time, anywhere. Spaces and hyphens between
    /// them do no harm.
    #[graphql(secret)]
    Totp(String),
    /// The passkey that the browser has made, as its `toJSON()` gives it (`RegistrationResponseJSON`).
    Passkey(WebAuthnJson),
}

/// The outcome of `completeSecondFactorEnrolment`.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "one lives for as long as its answer is written")]
pub(crate) enum CompleteSecondFactorEnrolmentResult {
    Success(SecondFactorEnrolmentSuccess),
    InvalidCode(InvalidCode),
    InvalidPasskey(InvalidPasskey),
    InvalidInput(InvalidInput),
    FlowExpired(FlowExpired),
    RateLimited(RateLimited),
}

/// The account has a second factor and is signed in.
#[derive(SimpleObject)]
pub(crate) struct SecondFactorEnrolmentSuccess {
    /// The account.
    user: User,
    /// The session that was opened.
    session: Session,
    /// The session's tokens.
    tokens: Tokens,
    /// A token that proves at the next `login` that this device has signed in to the account before, as in `LoginSuccess`. Null when it
    /// is in a cookie, and for an account without a password.
    device_token: Option<String>,
    /// Ten codes, each of which can be used once in the place of the second factor. They are shown only now, so ask the person to keep
    /// them.
    recovery_codes: Vec<String>,
}

impl SecondFactorEnrolmentSuccess {
    fn new(sign_in: SignIn, device: Option<PlainToken>, codes: &[RecoveryCode], delivery: Delivery<'_>) -> Self {
        let device_token = device.and_then(|device| delivery.device(device, sign_in.session.created_at));
        let (caller, session, tokens) = parts(sign_in, delivery);
        let recovery_codes = codes.iter().map(RecoveryCode::shown).collect();
        Self { user: User::of(caller), session, tokens, device_token, recovery_codes }
    }
}

#[derive(Default)]
pub(super) struct EnrolmentMutation;

#[Object]
impl EnrolmentMutation {
    /// Begins to add the second factor that an account needs before it is signed in. It makes a secret for an authenticator app, which is
    /// answered only here, and asks for a passkey. Asked again, it makes another secret, and only the last one counts.
    #[graphql(directive = public::apply())]
    async fn start_second_factor_enrolment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The sign-in.")] input: StartSecondFactorEnrolmentInput,
    ) -> Result<Option<Counted<StartSecondFactorEnrolmentResult>>, ApiError> {
        use start::Outcome;
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let outcome = start::start_second_factor_enrolment(app, &client, &input.flow).boxed().await?;
        Ok(counted(match outcome {
            Outcome::Started(new, expires_at) => {
                StartSecondFactorEnrolmentResult::Started(SecondFactorEnrolmentStarted {
                    secret: new.app.base32.to_string(),
                    uri: new.app.uri.to_string(),
                    qr_svg: new.app.qr_svg.to_string(),
                    passkey_options: new.passkey_options.map(Into::into),
                    expires_at: expires_at.into(),
                })
            }
            Outcome::Expired => StartSecondFactorEnrolmentResult::FlowExpired(FlowExpired::of_sign_in()),
            Outcome::Limited(retry_after) => StartSecondFactorEnrolmentResult::RateLimited(retry_after.into()),
        }))
    }

    /// Adds the second factor to the account, which opens the session. After five that do not work make the first step again.
    /// The error is FEATURE_DISABLED for a passkey where there are none.
    #[graphql(directive = public::apply())]
    async fn complete_second_factor_enrolment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The sign-in and the second factor.")] input: CompleteSecondFactorEnrolmentInput,
    ) -> Result<Option<Counted<CompleteSecondFactorEnrolmentResult>>, ApiError> {
        use CompleteSecondFactorEnrolmentResult as Answer;
        use complete::Outcome;
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let CompleteSecondFactorEnrolmentInput { flow, factor, name, device_token, transport } = input;
        let delivery = Delivery::asked(ctx, transport)?;
        let device_token = device_token.or_else(|| delivery.known_device());
        let factor = match factor {
            NewFactorInput::Totp(code) => NewFactor::App(code),
            NewFactorInput::Passkey(credential) => NewFactor::Passkey(credential.into(), name),
        };
        let shown = Enrolment { flow, factor, device_token };
        Ok(counted(match complete::complete_second_factor_enrolment(app, client, shown).boxed().await? {
            Outcome::Success(sign_in, device, codes) => {
                Answer::Success(SecondFactorEnrolmentSuccess::new(*sign_in, device, &codes, delivery))
            }
            Outcome::InvalidPasskey => Answer::InvalidPasskey(InvalidPasskey::default()),
            Outcome::BadName(why) => Answer::InvalidInput(InvalidInput::new(vec![FieldError::passkey_name(why)])),
            Outcome::Wrong(tries_left) => Answer::InvalidCode(InvalidCode::of_app(tries_left)),
            Outcome::Expired => Answer::FlowExpired(FlowExpired::of_sign_in()),
            Outcome::Limited(retry_after) => Answer::RateLimited(retry_after.into()),
        }))
    }
}
