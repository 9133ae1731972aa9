//! Maintaining the signing keys: what a server does from time to time, and what operators do by hand.

use crate::app::{App, Operator};
use crate::error::Error;
use crate::tokens::operate::{self, Listed, Replaced, Rotated};
use crate::tokens::rotation::NewKey;

/// Reads the keys again, makes a new one when the newest is too old, and deletes those whose tokens have all expired.
/// All instances call this about every minute. They don't get in each other's way.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away; [`Error::Internal`] when the secret does not open the keys
/// there. The keys that are loaded go on working.
pub async fn maintain(app: &App) -> Result<(), Error> {
    app.db.run(async |connection| app.keys.reload(connection).await).await?;
    let now = app.clock.now();
    let due = app.keys.due(now);
    let fresh = match due.rotation {
        Some(algorithm) => Some(NewKey::generate(algorithm).await?),
        None if due.deletion => None,
        None => return Ok(()),
    };
    app.db.run(async |connection| app.keys.tend(connection, fresh, now).await).await
}

/// All signing keys.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn list(operator: &Operator<'_>) -> Result<Vec<Listed>, Error> {
    let now = operator.clock.now();
    operator.db.run(async |connection| operate::list(connection, now).await).await
}

/// Makes a key of the settings' algorithm that will sign, unless one waits already.
///
/// # Errors
/// [`Error::Internal`] with a sentence for the operator when there are no keys yet, or the secret does not open them;
/// [`Error::Unavailable`] when the database is away.
pub async fn rotate(operator: &Operator<'_>) -> Result<Rotated, Error> {
    let fresh = NewKey::generate(operator.config.signing_algorithm).await?;
    let now = operator.clock.now();
    let rotated =
        operator.db.run(async |connection| operate::rotate(connection, operator.seals, &fresh, now).await).await?;
    operator.keys_changed().await;
    Ok(rotated)
}

/// Makes a key of the settings' algorithm that signs at once, and deletes all others, so that all access tokens
/// become void. This is for a key that has leaked. Refresh tokens stay valid.
///
/// # Errors
/// The errors of [`rotate`].
pub async fn rotate_at_once(operator: &Operator<'_>) -> Result<Replaced, Error> {
    let fresh = NewKey::generate(operator.config.signing_algorithm).await?;
    let now = operator.clock.now();
    let replaced =
        operator.db.run(async |connection| operate::replace(connection, operator.seals, &fresh, now).await).await?;
    operator.keys_changed().await;
    Ok(replaced)
}
