//! What operators do with accounts.

use std::time::Duration;

use diesel::OptionalExtension;
use uuid::Uuid;

use crate::accounts::{Designation, Identifier, NameTaken};
use crate::clock::Timestamp;
use crate::db::{Connection, Run, parameters, row, statement, violated_constraint};
use crate::error::Error;
use crate::ids::AccountId;

/// How an operator names an account.
struct Called {
    id: Option<Uuid>,
    email: Option<String>,
    username: Option<String>,
}

parameters! { Called { id: Option<Uuid>, email: Option<String>, username: Option<String> } }

impl From<&Designation> for Called {
    fn from(designation: &Designation) -> Self {
        let (id, email, username) = match designation {
            Designation::Id(id) => (Some(id.0), None, None),
            Designation::Identifier(known @ Identifier::Email(_)) => (None, Some(known.folded()), None),
            Designation::Identifier(known @ Identifier::Username(_)) => (None, None, Some(known.folded())),
        };
        Self { id, email, username }
    }
}

/// Disables or enables an account. Returns its id, if there is such an account, and whether its state changed.
pub(crate) async fn set_enabled(
    connection: &mut Connection,
    designation: &Designation,
    enabled: bool,
    now: Timestamp,
) -> Result<Option<(AccountId, bool)>, Error> {
    let switching = Switching { called: designation.into(), enabled, now };
    let found = switching.one_row::<SwitchedRow>(connection).await.optional()?;
    Ok(found.map(|row| (AccountId(row.id), row.has_changed)))
}

/// Ends all sessions of an account. Returns its id, if there is such an account.
pub(crate) async fn sign_out(
    connection: &mut Connection,
    designation: &Designation,
    now: Timestamp,
) -> Result<Option<AccountId>, Error> {
    let signing_out = SigningOut { called: designation.into(), now };
    Ok(signing_out.one_row::<Uuid>(connection).await.optional()?.map(AccountId))
}

/// Deletes an account, even one that is disabled. Returns its id, if there was such an account. It may be restored
/// while it is `kept`, if that is longer than zero.
pub(crate) async fn delete(
    connection: &mut Connection,
    designation: &Designation,
    kept: Duration,
    now: Timestamp,
) -> Result<Option<AccountId>, Error> {
    let deleting = Deleting { called: designation.into(), now, is_kept: !kept.is_zero() };
    Ok(deleting.one_row::<Uuid>(connection).await.optional()?.map(AccountId))
}

/// Restores the account that was last deleted under this name or id, if no other account has its names. Returns its
/// id, if such an account is kept.
pub(crate) async fn restore(
    connection: &mut Connection,
    designation: &Designation,
    kept: Duration,
    now: Timestamp,
) -> Result<Result<Option<AccountId>, NameTaken>, Error> {
    let restoring = Restoring { called: designation.into(), now, kept_seconds: kept.as_secs_f64() };
    match restoring.one_row::<Uuid>(connection).await.optional() {
        Ok(id) => Ok(Ok(id.map(AccountId))),
        Err(error) => match violated_constraint(&error) {
            Some("accounts_email_key") => Ok(Err(NameTaken::Email)),
            Some("accounts_username_key") => Ok(Err(NameTaken::Username)),
            _ => Err(error.into()),
        },
    }
}

statement! {
    struct Switching = "set_enabled.sql" {
        called: Called,
        enabled: bool,
        now: Timestamp,
    } -> SwitchedRow
}

row! {
    struct SwitchedRow {
        id: Uuid,
        has_changed: bool,
    }
}

statement! {
    struct SigningOut = "sign_out.sql" {
        called: Called,
        now: Timestamp,
    } -> Uuid
}

statement! {
    struct Deleting = "delete.sql" {
        called: Called,
        now: Timestamp,
        is_kept: bool,
    } -> Uuid
}

statement! {
    struct Restoring = "restore.sql" {
        called: Called,
        now: Timestamp,
        kept_seconds: f64,
    } -> Uuid
}
