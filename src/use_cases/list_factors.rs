//! Listing the second factors of accounts.

use crate::app::App;
use crate::error::Error;
use crate::ids::AccountId;
use crate::totp::store::{Factors, factors_of};

/// The second factors of these accounts, in any order.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn list_factors(app: &App, accounts: &[AccountId]) -> Result<Vec<Factors>, Error> {
    app.db.run(async |connection| factors_of(connection, accounts).await).await
}
