//! Queries on accounts. They fold case with the collation `C`, as the unique indexes do.

mod create;
mod delete;
mod new_email;
mod operate;
mod remove;
mod verify;

use diesel::prelude::*;
use uuid::Uuid;

use super::{Account, Designation, EmailAddress, Identifier, NameTaken, Username};
use crate::clock::Timestamp;
use crate::db::schema::accounts;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::AccountId;
use crate::limits::store::TakenRow;
use crate::limits::{Attempt, Decision};
use crate::passwords::{PasswordHash, StoredPassword};

pub(crate) use create::{create, unless_taken};
pub(crate) use delete::{Deleted, Deletion, delete_own};
pub(crate) use new_email::find_new_email;
pub(crate) use operate::{delete, restore, set_enabled, sign_out};
pub(crate) use remove::{Due, next_due, remove};
pub(crate) use verify::verify;

row! {
    /// An account's row, without its password.
    #[derive(Selectable)]
    #[diesel(table_name = accounts, check_for_backend(diesel::pg::Pg))]
    pub(crate) struct AccountRow {
        id: Uuid,
        email: String,
        email_verified_at: Option<Timestamp>,
        username: Option<String>,
        roles: Vec<Option<String>>,
        created_at: Timestamp,
        disabled_at: Option<Timestamp>,
        session_generation: i64,
    }
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: AccountId(row.id),
            email: row.email,
            email_verified_at: row.email_verified_at,
            username: row.username,
            roles: row.roles.into_iter().flatten().collect(),
            created_at: row.created_at,
            disabled_at: row.disabled_at,
            session_generation: row.session_generation,
        }
    }
}

/// An account, and its password if it has one.
pub(crate) struct Found {
    pub(crate) account: Account,
    pub(crate) password: Option<StoredPassword>,
}

/// Charges the attempt, and finds the account with its password, even if the attempt is refused. This is one
/// statement, which does the same work whether there is such an account or not.
pub(crate) async fn find(
    connection: &mut Connection,
    designation: Option<&Designation>,
    attempt: &Attempt,
) -> Result<(Decision, Option<Found>), Error> {
    let row = match designation {
        Some(Designation::Id(id)) => FindingById { attempt, id: id.0 }.one_row::<FoundRow>(connection).await?,
        Some(Designation::Identifier(identifier)) => {
            let (email, username) = match identifier {
                Identifier::Email(email) => (Some(email.folded()), None),
                Identifier::Username(username) => (None, Some(username.folded())),
            };
            Finding { attempt, email, username }.one_row::<FoundRow>(connection).await?
        }
        None => Finding { attempt, email: None, username: None }.one_row::<FoundRow>(connection).await?,
    };
    let password =
        row.password.map(|row| StoredPassword { hash: PasswordHash::new(row.hash), changed_at: row.changed_at });
    let found = row.account.map(|account| Found { account: account.into(), password });
    Ok((attempt.read(row.taken), found))
}

statement! {
    struct Finding<'a> = "find.sql" {
        attempt: &'a Attempt,
        email: Option<String>,
        username: Option<String>,
    } -> FoundRow
}

statement! {
    struct FindingById<'a> = "find_by_id.sql" {
        attempt: &'a Attempt,
        id: Uuid,
    } -> FoundRow
}

row! {
    struct FoundRow {
        taken: TakenRow,
        account: Option<AccountRow>,
        password: Option<PasswordRow>,
    }
}

row! {
    struct PasswordRow {
        hash: String,
        changed_at: Timestamp,
    }
}

/// Charges the attempt, and finds which of these two names another account has.
pub(crate) async fn find_taken(
    connection: &mut Connection,
    email: &EmailAddress,
    username: Option<&Username>,
    attempt: &Attempt,
) -> Result<(Decision, Names), Error> {
    let finding = FindingTaken { attempt, email: email.folded(), username: username.map(Username::folded) };
    let row = finding.one_row::<NamesRow>(connection).await?;
    let owner = row.owner.map(|id| Owner {
        id: AccountId(id),
        email: row.email,
        username: row.username,
        is_disabled: row.is_disabled,
    });
    let (username_is_taken, email_may_be_reverted) = (row.username_is_taken, row.email_may_be_reverted);
    Ok((attempt.read(row.taken), Names { owner, username_is_taken, email_may_be_reverted }))
}

/// Who has the names of a registration.
pub(crate) struct Names {
    /// The account that has the e-mail address.
    pub(crate) owner: Option<Owner>,
    /// Whether an account has the username.
    pub(crate) username_is_taken: bool,
    /// Whether the e-mail address may be given back to an account that had it.
    pub(crate) email_may_be_reverted: bool,
}

/// The account that has an e-mail address.
pub(crate) struct Owner {
    pub(crate) id: AccountId,
    /// The address as the account has it.
    pub(crate) email: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) is_disabled: bool,
}

impl Names {
    /// The name that another account has, the e-mail address first.
    pub(crate) fn taken(&self) -> Option<NameTaken> {
        match (&self.owner, self.username_is_taken) {
            (Some(_), _) => Some(NameTaken::Email),
            (None, true) => Some(NameTaken::Username),
            (None, false) => None,
        }
    }
}

statement! {
    struct FindingTaken<'a> = "find_taken.sql" {
        attempt: &'a Attempt,
        email: String,
        username: Option<String>,
    } -> NamesRow
}

row! {
    struct NamesRow {
        taken: TakenRow,
        owner: Option<Uuid>,
        email: Option<String>,
        username: Option<String>,
        is_disabled: bool,
        username_is_taken: bool,
        email_may_be_reverted: bool,
    }
}
