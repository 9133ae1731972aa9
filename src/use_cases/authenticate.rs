//! Verifying the caller.

use std::sync::Arc;

use futures_util::FutureExt;

use crate::app::{App, SignedIn};
use crate::clock::Timestamp;
use crate::error::{Error, Reason};
use crate::sessions::store;
use crate::sessions::uses::LastUse;
use crate::telemetry;
use crate::tokens::Credential;
use crate::tokens::claims::{Claims, Rejected};

/// Verifies the credential, and that its session and account are still active.
///
/// # Errors
/// [`Error::Unauthenticated`] with its reason; [`Error::Unavailable`] when the database is needed and away.
pub async fn authenticate(app: &App, credential: &Credential) -> Result<SignedIn, Error> {
    let refuse = |reason| Err(Error::Unauthenticated(reason));
    let token = match credential {
        Credential::Missing => return refuse(Reason::TokenMissing),
        Credential::Malformed => return refuse(Reason::TokenInvalid),
        Credential::Bearer(token) => token,
    };
    let now = app.clock.now();
    let claims = match app.access_tokens.verify(&app.keys.current(), token, now) {
        Ok(claims) => claims,
        Err(Rejected::Invalid) => return refuse(Reason::TokenInvalid),
        Err(Rejected::Expired(_)) => return refuse(Reason::TokenExpired),
    };
    let caller = match find(app, claims, now).await? {
        Some(caller) if caller.account().id == claims.account => caller,
        _ => return refuse(Reason::SessionRevoked),
    };
    telemetry::record_account(claims.account);
    Ok(caller)
}

/// The caller of the session if it is active. It is looked for in memory first, then in the database.
async fn find(app: &App, claims: Claims, now: Timestamp) -> Result<Option<SignedIn>, Error> {
    if let Some((account, noteworthy)) = app.session_cache.get(claims.session, now) {
        if noteworthy {
            app.uses.add([(claims.session, now)]);
        }
        return Ok(Some(SignedIn::verified(account, claims.session, claims.auth_time)));
    }
    // Boxed, because the future of each field that asks who calls would be as large, and few look anybody up.
    look_up(app, claims, now).boxed().await
}

async fn look_up(app: &App, claims: Claims, now: Timestamp) -> Result<Option<SignedIn>, Error> {
    let ticket = app.session_cache.ticket();
    let found = app.db.run(async |connection| store::find_with_account(connection, claims.session).await).await?;
    let Some((session, account)) = found else { return Ok(None) };
    if !session.is_active(&account, app.active_at(now)) || !account.is_enabled() {
        return Ok(None);
    }
    if LastUse(session.last_used_at).is_noteworthy(now) {
        app.uses.add([(session.id, now)]);
    }
    let account = Arc::new(account);
    app.session_cache.keep(&ticket, &session, account.clone(), now);
    Ok(Some(SignedIn::verified(account, claims.session, claims.auth_time)))
}
