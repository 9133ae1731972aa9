//! Logging failed attempts.

use super::App;
use crate::audit::Kind;
use crate::client::{Client, visible};
use crate::limits::Refusal;

/// How an attempt to authenticate failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refused {
    /// The password was wrong, or there was none to compare it with.
    InvalidCredentials,
    /// A limit refused it before anything was compared.
    RateLimited,
    /// A limit refused it that does not count guesses: either other attempts may give back what they hold, or it
    /// counts successes.
    TooManyAtOnce,
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        if refusal.of_guesses { Self::RateLimited } else { Self::TooManyAtOnce }
    }
}

/// Longest identifier that is logged, in characters. An e-mail address has at most 254.
const IDENTIFIER_LENGTH: usize = 254;

/// Writes a line to the log. Programs that ban addresses read it (`docs/fail2ban.md`), so its target, its message and
/// its fields in this order are an interface.
///
/// `kind` is the event of such a failed attempt. `identifier` is the account's, as [`App::identifier_to_log`] returns
/// it.
pub(crate) fn log_failed(kind: Kind, outcome: Refused, client: &Client, identifier: Option<&str>) {
    let outcome = match outcome {
        Refused::InvalidCredentials => "invalid_credentials",
        Refused::RateLimited => "rate_limited",
        Refused::TooManyAtOnce => "too_many_at_once",
    };
    tracing::info!(
        target: "portcullis::authentication",
        address = client.ip_address.map(|address| tracing::field::display(address.to_canonical())),
        attempt = kind.as_str().trim_end_matches("_failed"),
        outcome,
        identifier,
        "authentication failed"
    );
}

impl App {
    /// The identifier as it may be logged: `None`, unless a setting permits it.
    pub(crate) fn identifier_to_log(&self, typed: &str) -> Option<String> {
        self.config.log_identifiers.then(|| visible(typed, IDENTIFIER_LENGTH))
    }
}
