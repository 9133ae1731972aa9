//! Attempts that failed, in the log.

use super::App;
use crate::audit::Kind;
use crate::client::{Client, visible};
use crate::limits::Refusal;

/// How an attempt to prove who somebody is failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refused {
    /// What was compared was wrong, or there was nothing to compare it with.
    InvalidCredentials,
    /// Refused by a limit, before anything was compared.
    RateLimited,
    /// Refused by a limit that says nothing against whoever tries: others may give back what they hold, or it counts what succeeds.
    TooManyAtOnce,
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        if refusal.of_guesses { Self::RateLimited } else { Self::TooManyAtOnce }
    }
}

/// Longest identifier that is logged, in characters. An address has 254 at the most.
const IDENTIFIER_LENGTH: usize = 254;

/// Leaves a line in the log. Programs that shut addresses out read it (`docs/fail2ban.md`): its target, its message, and its fields in this
/// order are an interface.
///
/// `kind` is the event of an attempt of this sort that fails. `identifier` is whom it was for, by [`App::identifier_to_log`].
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
    /// What the log may tell of an identifier that was typed: nothing, unless a setting says so.
    pub(crate) fn identifier_to_log(&self, typed: &str) -> Option<String> {
        self.config.log_identifiers.then(|| visible(typed, IDENTIFIER_LENGTH))
    }
}
