//! What operators do with service keys, by which backends identify themselves.

use crate::app::Operator;
use crate::error::Error;
use crate::ids::ServiceKeyId;
use crate::tokens::PlainToken;
use crate::tokens::operate::key_set;
use crate::tokens::service::{self, NAME_LENGTH, ServiceKey, store};

/// Makes a key that is called `name`. Its text is returned only here. `None` if the name is empty, has over 100
/// characters or has a control character.
///
/// # Errors
/// [`Error::Internal`] with a sentence for the operator when the secret is not the database's; [`Error::Unavailable`] when the
/// database is away.
pub async fn create(operator: &Operator<'_>, name: &str) -> Result<Option<(ServiceKeyId, PlainToken)>, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_LENGTH || name.chars().any(char::is_control) {
        return Ok(None);
    }
    let now = operator.clock.now();
    let keys = operator.db.run(async |connection| key_set(connection, operator.seals).await).await?;
    let (id, text, hash) = service::generate(keys.as_ref(), now)?;
    operator.db.run(async |connection| store::insert(connection, id, name, &hash, now).await).await?;
    Ok(Some((id, text)))
}

/// All keys, oldest first, including those that were revoked.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn list(operator: &Operator<'_>) -> Result<Vec<ServiceKey>, Error> {
    operator.db.run(async |connection| store::list(connection).await).await
}

/// Revokes a key. Streams that it opened end within seconds. Returns whether there was one that was not revoked.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn revoke(operator: &Operator<'_>, id: ServiceKeyId) -> Result<bool, Error> {
    let now = operator.clock.now();
    operator.db.run(async |connection| store::revoke(connection, id, now).await).await
}
