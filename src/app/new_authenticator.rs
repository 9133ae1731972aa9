//! The secret of an authenticator app that is to be set up.

use zeroize::Zeroizing;

use super::App;
use crate::error::Error;
use crate::mail::app_name;
use crate::totp::{TotpSecret, key_uri, svg};

/// What sets an authenticator app up. Never print it.
pub(crate) struct NewAuthenticator {
    /// What the app makes codes from.
    pub(crate) secret: TotpSecret,
    /// The same in base32.
    pub(crate) base32: Zeroizing<String>,
    /// The URI with the secret.
    pub(crate) uri: Zeroizing<String>,
    /// The QR code of the URI.
    pub(crate) qr_svg: Zeroizing<String>,
}

impl App {
    /// A new secret for an app of the account with this address.
    pub(crate) fn new_authenticator(&self, email: &str) -> Result<NewAuthenticator, Error> {
        let secret = TotpSecret::random()?;
        let uri = key_uri(&app_name(&self.config.mail)?, email, &secret);
        let qr_svg = Zeroizing::new(svg(&uri)?);
        Ok(NewAuthenticator { base32: Zeroizing::new(secret.base32()), secret, uri, qr_svg })
    }
}
