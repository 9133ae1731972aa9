//! Listing the devices that accounts trust.

use crate::app::App;
use crate::error::Error;
use crate::ids::AccountId;
use crate::trusted_devices::TrustedDevice;
use crate::trusted_devices::store::list;

/// The devices that these accounts trust. Those of an account come with the last used first.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn list_trusted_devices(app: &App, accounts: &[AccountId]) -> Result<Vec<TrustedDevice>, Error> {
    if !app.trusts_devices() {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let since = app.trusted_since(now);
    app.db.run(async |connection| list(connection, accounts, since, now).await).await
}
