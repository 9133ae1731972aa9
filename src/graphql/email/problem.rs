//! What can be wrong with a code or a link.

use async_graphql::SimpleObject;

use crate::graphql::problem::ErrorCode;
use crate::sessions::Method;

/// The code is wrong. After five wrong ones a code from a mail is over, and the link in the mail still works.
#[derive(SimpleObject)]
pub(crate) struct InvalidCode {
    /// Always `INVALID_CODE`.
    pub(in crate::graphql) code: ErrorCode,
    /// What happened, in English, for people.
    pub(in crate::graphql) message: String,
    /// How many more codes can be tried. At 0, ask for another mail, or begin anew with the authenticator app. In `reauthenticate`:
    /// how many more can be tried within an hour, at the least.
    tries_left: i32,
}

impl InvalidCode {
    pub(crate) fn new(tries_left: i32) -> Self {
        Self { code: ErrorCode::InvalidCode, message: "This is not the code in the mail.".to_owned(), tries_left }
    }

    /// A wrong second factor of this kind.
    pub(crate) fn of_factor(kind: Method, tries_left: i32) -> Self {
        match kind {
            Method::RecoveryCode => {
                let message = "This is not one of the recovery codes, or it was used before.".to_owned();
                Self { code: ErrorCode::InvalidCode, message, tries_left }
            }
            _ => Self::of_app(tries_left),
        }
    }

    /// A wrong code of an authenticator app.
    pub(crate) fn of_app(tries_left: i32) -> Self {
        let message = "This is not a code that the app shows now, or it was used before.".to_owned();
        Self { code: ErrorCode::InvalidCode, message, tries_left }
    }
}

/// The link or the code from a mail, the sign-in that waits for a second factor, what the browser was asked for a passkey, or the
/// enrolment of a second factor is over: it was used, it expired, the account has changed, too many wrong factors were tried, or it
/// never was one. Ask for another mail, or begin anew.
#[derive(SimpleObject)]
pub(crate) struct FlowExpired {
    /// Always `FLOW_EXPIRED`.
    pub(in crate::graphql) code: ErrorCode,
    /// What happened, in English, for people.
    pub(in crate::graphql) message: String,
}

impl FlowExpired {
    /// What a mail brought.
    pub(crate) fn of_mail() -> Self {
        Self::saying("This link or code is not valid any more. Ask for another one.")
    }

    /// A sign-in that waits for a second factor, or for one to be added.
    pub(crate) fn of_sign_in() -> Self {
        Self::saying("This sign-in is not valid any more. Sign in again.")
    }

    /// What the browser was asked for a passkey.
    pub(crate) fn of_passkey() -> Self {
        Self::saying("The passkey was asked for too long ago, or was sent before. Begin anew.")
    }

    /// The enrolment of an authenticator app.
    pub(crate) fn of_app() -> Self {
        Self::saying("This setup of an authenticator app is not valid any more. Begin anew.")
    }

    fn saying(message: &str) -> Self {
        Self { code: ErrorCode::FlowExpired, message: message.to_owned() }
    }
}
