//! Continuing a session with a refresh token.

use std::time::Duration;

use crate::app::{App, SignIn};
use crate::client::Client;
use crate::error::Error;
use crate::sessions::{Refreshed, Refusal, store};
use crate::telemetry;
use crate::tokens::refresh::RefreshToken;

/// The outcome of a refresh.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The session continues with new tokens.
    Success(Box<SignIn>),
    /// The token is not accepted.
    Refused(Why),
    /// The session was refreshed too often, or there were too many attempts from this address. The time says when to
    /// try again.
    Limited(Duration),
}

/// Why a refresh token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is not a refresh token of ours.
    Invalid,
    /// Its session has expired, or was not used for too long.
    Expired,
    /// Its session was ended, or its account was disabled or removed.
    Revoked,
    /// It had been used before, and so had the token that followed it. Its session was ended.
    Reused,
}

/// Returns the next tokens of the refresh token's session. The same token may be sent again until the token that it
/// brought has been used, and brings the same one again. An older token ends the session.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away. The token may have been used or not, and can be sent again.
pub(crate) async fn refresh(app: &App, client: &Client, token: &str) -> Result<Outcome, Error> {
    let now = app.clock.now();
    let Some(token) = RefreshToken::verify(&app.keys.current(), token) else {
        return Ok(match app.limits.attempt(client, now) {
            Ok(()) => Outcome::Refused(Why::Invalid),
            Err(retry_after) => Outcome::Limited(retry_after),
        });
    };
    let attempt = app.limits.refresh(token.session.0.as_bytes(), now);
    let at = app.active_at(now);
    let refreshed = app
        .db
        .run(async |connection| store::refresh(connection, token.session, token.counter, client, &attempt, at).await)
        .await?;
    Ok(match refreshed {
        Refreshed::Continued { account, session } => {
            telemetry::record_account(account.id);
            Outcome::Success(Box::new(app.sign_in(account, session, now)?))
        }
        Refreshed::Reused(session) => {
            app.session_cache.forget_sessions(&[session.id]);
            telemetry::record_account(session.account_id);
            tracing::warn!(session = %session.id, "a refresh token was used again: its session has been ended");
            Outcome::Refused(Why::Reused)
        }
        Refreshed::Limited { retry_after, account, session } => {
            let of = (Some(account), Some(session));
            app.charges().note_limit(client, session.0.as_bytes(), of, now).await?;
            Outcome::Limited(retry_after)
        }
        Refreshed::Refused(Refusal::Ended) => Outcome::Refused(Why::Revoked),
        Refreshed::Refused(Refusal::Expired) => Outcome::Refused(Why::Expired),
    })
}
