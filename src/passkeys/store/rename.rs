//! Renaming a passkey.

use uuid::Uuid;

use super::list::PasskeyRow;
use crate::audit::store::Origin;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::PasskeyId;
use crate::passkeys::{Passkey, PasskeyName};
use crate::sessions::ActiveAt;
use crate::sessions::store::Asking;

/// The outcome of the change.
pub(crate) enum Renamed {
    /// The passkey as it is now. `None` if the account has none with this id.
    Done(Option<Passkey>),
    /// Nothing was done, because the session that asked had ended.
    SessionEnded,
}

/// Gives a passkey of the account another name.
pub(crate) async fn rename(
    connection: &mut Connection,
    asking: &Asking<'_>,
    id: PasskeyId,
    name: &PasskeyName,
    at: ActiveAt,
) -> Result<Renamed, Error> {
    let (account, by, origin) = (asking.account.0, asking.by.0, Origin::of(asking.client));
    let renaming = Renaming { account, by, at, passkey: id.0, new_name: name.as_str(), origin };
    let row = renaming.one_row::<RenamedRow>(connection).await?;
    Ok(if row.has_asked { Renamed::Done(row.passkey.map(Into::into)) } else { Renamed::SessionEnded })
}

statement! {
    struct Renaming<'a> = "rename.sql" {
        account: Uuid,
        by: Uuid,
        at: ActiveAt,
        passkey: Uuid,
        new_name: &'a str,
        origin: Origin<'a>,
    } -> RenamedRow
}

row! {
    struct RenamedRow {
        has_asked: bool,
        passkey: Option<PasskeyRow>,
    }
}
