//! Beginning the enrolment of an authenticator app.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::app::{App, FreshlySignedIn, NewAuthenticator};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::{Error, Reason};
use crate::flows::store::begin_without_mail;
use crate::flows::{FlowToken, Kind};
use crate::totp::PendingTotp;

/// The outcome of a beginning.
pub(crate) enum Outcome {
    /// The app can be set up.
    Started(Started),
    /// There were too many changes. The time says when to try again.
    Limited(Duration),
}

/// What sets an app up. Never print it.
pub(crate) struct Started {
    /// The token of the flow.
    pub(crate) token: FlowToken,
    /// The secret, in base32.
    pub(crate) secret: Zeroizing<String>,
    /// The URI with the secret.
    pub(crate) uri: Zeroizing<String>,
    /// The QR code of the URI.
    pub(crate) qr_svg: Zeroizing<String>,
    /// Until when the app can be confirmed.
    pub(crate) expires_at: Timestamp,
}

/// Makes a secret for an authenticator app. The account has the app when a code of it confirms that it was set up.
///
/// # Errors
/// [`Error::Unauthenticated`] when the account was disabled or deleted meanwhile; [`Error::Unavailable`] when the database is away.
pub(crate) async fn start_totp(app: &App, client: &Client, fresh: &FreshlySignedIn) -> Result<Outcome, Error> {
    let account = match app.charge_factor_change(fresh).await? {
        Ok(account) => account,
        Err(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    let now = app.clock.now();
    let NewAuthenticator { secret, base32, uri, qr_svg } = app.new_authenticator(&account.email)?;
    let pending = PendingTotp { secret, generation: account.session_generation };
    let (locale, whose) = (app.locale(None, client), (account.id, account.email));
    let flow = app.flow_keys.begin_without_mail(Kind::Totp, whose, locale, &pending.to_bytes(), now)?;
    let is_begun = app.db.run(async |connection| begin_without_mail(connection, &flow, client).await).await?;
    if !is_begun {
        return Err(Error::Unauthenticated(Reason::SessionRevoked));
    }
    Ok(Outcome::Started(Started { token: flow.token, secret: base32, uri, qr_svg, expires_at: flow.expires_at }))
}
