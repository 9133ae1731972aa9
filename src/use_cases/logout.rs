//! Signing out.

use crate::app::App;
use crate::client::Client;
use crate::error::Error;
use crate::ids::SessionId;
use crate::sessions::store;
use crate::telemetry;
use crate::tokens::Credential;
use crate::tokens::claims::Rejected;
use crate::tokens::refresh::RefreshToken;

/// Ends the session of the access token, even of one that has expired, and the sessions of the refresh tokens.
/// Returns whether an active session ended. A token that is not ours ends nothing and is not an error (RFC 7009
/// section 2.2).
///
/// # Errors
/// [`Error::Unavailable`] when the database is away. The session may not have ended.
pub async fn logout(
    app: &App,
    client: &Client,
    credential: &Credential,
    refresh_tokens: &[String],
) -> Result<bool, Error> {
    let now = app.clock.now();
    let keys = app.keys.current();
    let by_access = match credential {
        Credential::Bearer(token) => match app.access_tokens.verify(&keys, token, now) {
            Ok(claims) | Err(Rejected::Expired(claims)) => {
                telemetry::record_account(claims.account);
                Some(claims.session)
            }
            Err(Rejected::Invalid) => None,
        },
        Credential::Missing | Credential::Malformed => None,
    };
    let by_refresh =
        refresh_tokens.iter().filter_map(|token| RefreshToken::verify(&keys, token)).map(|token| token.session);
    let sessions: Vec<SessionId> = by_access.into_iter().chain(by_refresh).collect();
    if sessions.is_empty() {
        return Ok(false);
    }
    let ended = app.db.run(async |connection| store::log_out(connection, &sessions, client, now).await).await;
    app.session_cache.forget_sessions(&sessions);
    Ok(ended? > 0)
}
