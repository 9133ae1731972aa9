//! Asking for a mail that signs in.

use crate::app::{App, Asked, EmailRequest};
use crate::client::Client;
use crate::error::Error;
use crate::{audit, flows, mail};

/// Sends a mail with which whoever has this address signs in. `locale` is the language of the mail, if the client asks for one.
///
/// # Errors
/// [`Error::Disabled`] when nobody signs in by mail here; [`Error::Unavailable`] when the database is away. Then the mail may go out or not.
pub(crate) async fn start_email_sign_in(
    app: &App,
    client: &Client,
    email: &str,
    locale: Option<&str>,
) -> Result<Asked, Error> {
    app.email_sign_in_is_on()?;
    let request = EmailRequest {
        kind: flows::Kind::EmailSignIn,
        mail: mail::Kind::SignIn,
        event: audit::Kind::EmailSignInRequested,
        email,
        locale,
        sends_to_unknown: app.registers_by_sign_in(),
    };
    app.start_by_address(client, request).await
}
