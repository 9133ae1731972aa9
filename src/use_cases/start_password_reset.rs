//! Asking for a mail that resets the password.

use crate::app::{App, Asked, EmailRequest};
use crate::client::Client;
use crate::error::Error;
use crate::{audit, flows, mail};

/// Sends a mail with which the password of the account that has this address can be set anew. The account may have none. `locale` is
/// the language of the mail, if the client asks for one.
///
/// # Errors
/// [`Error::Disabled`] when no mail can be sent; [`Error::Unavailable`] when the database is away. Then the mail may go out or not.
pub(crate) async fn start_password_reset(
    app: &App,
    client: &Client,
    email: &str,
    locale: Option<&str>,
) -> Result<Asked, Error> {
    let request = EmailRequest {
        kind: flows::Kind::PasswordReset,
        mail: mail::Kind::ResetPassword,
        event: audit::Kind::PasswordResetRequested,
        email,
        locale,
        sends_to_unknown: false,
    };
    app.start_by_address(client, request).await
}
