//! Listing the passkeys of accounts.

use crate::app::App;
use crate::error::Error;
use crate::ids::AccountId;
use crate::passkeys::Passkey;
use crate::passkeys::store::list;

/// The passkeys of these accounts, those of each with the oldest first.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn list_passkeys(app: &App, accounts: &[AccountId]) -> Result<Vec<Passkey>, Error> {
    app.db.run(async |connection| list(connection, accounts).await).await
}
