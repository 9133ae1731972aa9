//! The answer to whoever asks for a mail.

use async_graphql::{InputObject, SimpleObject, Union};

use crate::app::{Asked, Started};
use crate::graphql::problem::{FieldError, InvalidInput, RateLimited};
use crate::graphql::scalars::DateTime;

/// Who gets a mail.
#[derive(InputObject)]
pub(crate) struct StartEmailInput {
    /// The e-mail address. Upper and lower case are the same.
    pub(super) email: String,
    /// The language of the mail, as a tag of BCP 47, such as `de`. By default it is chosen by the header `Accept-Language`.
    pub(super) locale: Option<String>,
}

/// A mail is on its way if there is something to send. The answer is the same if there is not.
#[derive(SimpleObject)]
pub(crate) struct EmailFlowStarted {
    /// Belongs to the code in the mail. Keep it until the code is used.
    flow: String,
    /// When the link in the mail expires. The code expires ten minutes after it was sent.
    expires_at: DateTime,
    /// The earliest time at which another mail can be asked for.
    resend_after: DateTime,
}

/// The outcome of asking for a mail.
#[derive(Union)]
pub(crate) enum StartEmailFlowResult {
    Started(EmailFlowStarted),
    InvalidInput(InvalidInput),
    RateLimited(RateLimited),
}

impl From<Started> for EmailFlowStarted {
    fn from(started: Started) -> Self {
        Self {
            flow: started.token.expose().to_owned(),
            expires_at: started.expires_at.into(),
            resend_after: started.resend_after.into(),
        }
    }
}

impl From<Asked> for StartEmailFlowResult {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Started(started) => Self::Started(started.into()),
            Asked::NoAddress => Self::InvalidInput(InvalidInput::new(vec![FieldError::email("email")])),
            Asked::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

/// The registration waits for a proof of the e-mail address: `confirmRegistration` with the link or the code from the mail
/// creates the account. The answer is the same if an account has the address already. Its owner then gets a mail that says so,
/// unless the account is disabled.
#[derive(SimpleObject)]
pub(crate) struct RegistrationPending {
    /// Belongs to the code in the mail. Keep it until the registration is confirmed.
    flow: String,
    /// When the link in the mail expires. The code expires ten minutes after it was sent.
    expires_at: DateTime,
    /// The earliest time at which another mail can be asked for, by another `register`.
    resend_after: DateTime,
}

impl From<Started> for RegistrationPending {
    fn from(started: Started) -> Self {
        Self {
            flow: started.token.expose().to_owned(),
            expires_at: started.expires_at.into(),
            resend_after: started.resend_after.into(),
        }
    }
}
