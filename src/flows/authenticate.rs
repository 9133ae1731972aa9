//! Who is calling?

use crate::accounts::Account;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::sessions::{Session, store};
use crate::telemetry;
use crate::tokens::Credential;
use crate::tokens::access::Rejected;

/// A caller who is signed in. Only [`authenticate`] makes one, so what takes it can't be called by anybody else.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// Who.
    pub account: Account,
    /// In which session.
    pub session: Session,
}

/// Verifies the credential, and that its session and account still stand.
///
/// # Errors
/// [`Error::Unauthenticated`] with its reason; [`Error::Unavailable`] when the database is away.
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
    let found = app.db.run(async |connection| store::find_with_account(connection, claims.session).await).await?;
    match found {
        Some((session, account)) if session.is_active(now) && account.is_enabled() && account.id == claims.account => {
            telemetry::record_account(account.id);
            Ok(SignedIn { account, session })
        }
        _ => refuse(Reason::SessionRevoked),
    }
}
