//! Sealing the secrets of authenticator apps anew, after the deployment's secret was replaced.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::ids::AccountId;
use crate::totp::store::{self, Resealed};

/// Goes through all accounts in small steps, and seals with the current secret what only the previous one opens. Several instances
/// may do so at the same time. What neither opens is left. Returns how many secrets were sealed anew.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn reseal_totps(app: &App) -> Result<usize, Error> {
    let (mut place, mut resealed) = (AccountId(Uuid::nil()), 0);
    loop {
        let found = app.db.run(async |connection| store::sealed_after(connection, place).await).await?;
        let Some((last, _)) = found.last() else { return Ok(resealed) };
        place = *last;
        let mut stale = Resealed::default();
        for (account, sealed) in found {
            if let Some(opened) = app.totp_seals.open(account, &sealed).filter(|opened| opened.is_stale) {
                stale.accounts.push(account.0);
                stale.before.push(sealed);
                stale.after.push(app.totp_seals.seal(account, &opened.secret)?);
            }
        }
        if !stale.accounts.is_empty() {
            resealed += app.db.run(async |connection| store::reseal(connection, &stale).await).await?;
        }
    }
}
