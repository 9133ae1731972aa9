//! Queries on accounts.

use diesel::declare_sql_function;
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Account, AccountId, EmailAddress, Identifier, Taken, Username};
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::db::schema::accounts;
use crate::error::Error;
use crate::passwords::PasswordHash;

diesel::postfix_operator!(CollateC, " COLLATE \"C\"", Nullable<Text>, backend: Pg);

#[declare_sql_function]
extern "SQL" {
    /// Lower case of ASCII letters, if the text collates as C.
    fn lower(text: Nullable<Text>) -> Nullable<Text>;
}

/// The form in which the unique indexes on `accounts` compare a column.
fn folded<C>(column: C) -> lower<CollateC<C::Expression>>
where
    C: AsExpression<Nullable<Text>>,
{
    lower(CollateC::new(column.as_expression()))
}

/// An account's row, without its password.
#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts, check_for_backend(diesel::pg::Pg))]
pub(crate) struct AccountRow {
    id: Uuid,
    email: String,
    username: Option<String>,
    roles: Vec<Option<String>>,
    created_at: Timestamp,
    disabled_at: Option<Timestamp>,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: AccountId(row.id),
            email: row.email,
            username: row.username,
            roles: row.roles.into_iter().flatten().collect(),
            created_at: row.created_at,
            disabled_at: row.disabled_at,
        }
    }
}

/// The account that somebody means, with the hash of its password.
pub(crate) async fn find(
    connection: &mut Connection,
    identifier: &Identifier,
) -> Result<Option<(Account, PasswordHash)>, Error> {
    let query = accounts::table.select((AccountRow::as_select(), accounts::password_hash));
    let row = match identifier {
        Identifier::Email(email) => {
            query
                .filter(folded(accounts::email.nullable()).eq(email.folded()))
                .first::<(AccountRow, String)>(connection)
                .await
        }
        Identifier::Username(username) => {
            query.filter(folded(accounts::username).eq(username.folded())).first(connection).await
        }
    };
    Ok(row.optional()?.map(|(row, hash)| (row.into(), PasswordHash::new(hash))))
}

/// The hash of the account's password, if the account is there and enabled.
pub(crate) async fn find_hash(connection: &mut Connection, id: AccountId) -> Result<Option<PasswordHash>, Error> {
    let hash = accounts::table
        .filter(accounts::id.eq(id.0).and(accounts::disabled_at.is_null()))
        .select(accounts::password_hash)
        .first::<String>(connection)
        .await
        .optional()?;
    Ok(hash.map(PasswordHash::new))
}

/// What of these two somebody has already, the e-mail address first.
pub(crate) async fn find_taken(
    connection: &mut Connection,
    email: &EmailAddress,
    username: Option<&Username>,
) -> Result<Option<Taken>, Error> {
    let emails = accounts::table.filter(folded(accounts::email.nullable()).eq(email.folded()));
    let usernames = accounts::table.filter(folded(accounts::username).eq(username.map(Username::folded)));
    let (email, username) = diesel::select((diesel::dsl::exists(emails), diesel::dsl::exists(usernames)))
        .get_result::<(bool, bool)>(connection)
        .await?;
    Ok(if email {
        Some(Taken::Email)
    } else if username {
        Some(Taken::Username)
    } else {
        None
    })
}
