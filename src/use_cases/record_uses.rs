//! Writing when sessions were last used.

use crate::app::App;
use crate::error::Error;
use crate::sessions::store;

/// Writes the uses that wait to be written. Those that can't be written go on waiting.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn record_uses(app: &App) -> Result<(), Error> {
    let mut written = Ok(());
    for uses in app.uses.take().chunks(store::USES) {
        if written.is_ok() {
            written = app.db.run(async |connection| store::record_uses(connection, uses).await).await;
        }
        if written.is_err() {
            app.uses.add(uses.iter().copied());
        }
    }
    written
}
