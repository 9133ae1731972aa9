//! What can go wrong between us and the mail server.

use std::time::Duration;

use lettre::transport::smtp::Error;

/// What went wrong, and what follows from it.
#[derive(Debug)]
pub(super) struct Fault {
    /// For the operator, as the server said it.
    pub(super) text: String,
    /// The code of the server's answer, if it answered (RFC 5321 section 4.2).
    code: Option<u16>,
}

/// Codes that ask for a sign-in or for TLS (RFC 4954 section 6): the settings are wrong, not the mail.
const ABOUT_SETTINGS: [u16; 4] = [530, 534, 535, 538];

impl Fault {
    pub(super) fn of(step: &str, error: &Error) -> Self {
        Self { text: format!("{step}: {error}"), code: error.status().map(u16::from) }
    }

    pub(super) fn late(step: &str, limit: Duration) -> Self {
        Self::other(&format!("{step}: no answer within {limit:?}"))
    }

    pub(super) fn other(text: &str) -> Self {
        Self { text: text.to_owned(), code: None }
    }

    /// Whether the server has answered and goes on listening. It closes the connection with 421.
    pub(super) fn is_answer(&self) -> bool {
        self.code.is_some_and(|code| code != 421)
    }

    /// Whether the server will never take the mail. `is_recipient` if it was asked about the recipient: there, a refusal for a
    /// matter of policy (RFC 3463, x.7.x) is mostly one of us, who have not signed in.
    pub(super) fn is_for_good(&self, is_recipient: bool) -> bool {
        let is_permanent = self.code.is_some_and(|code| (500..600).contains(&code) && !ABOUT_SETTINGS.contains(&code));
        is_permanent && !(is_recipient && self.text.contains(" 5.7."))
    }
}
