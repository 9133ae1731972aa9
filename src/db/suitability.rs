//! Checks whether a database is suitable, before anything in it is changed.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};

use super::{Connection, READ_ONLY, Run};
use crate::error::Error;

const FOUND: &str = "\
SELECT current_database()::text AS database,
    current_user::text AS role,
    current_setting('server_encoding') AS encoding,
    current_setting('transaction_read_only') = 'on' AS read_only,
    current_setting('search_path') AS path,
    current_schema()::text AS schema,
    coalesce(has_schema_privilege(current_schema()::text, 'CREATE'), false) AS may_create";

/// The first tables of the schema, which show a person whose it is.
const CONTENTS: &str = "\
SELECT relname::text AS name
FROM pg_catalog.pg_class
WHERE relnamespace = quote_ident(current_schema())::regnamespace
    AND relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY relname
LIMIT 5";

/// A database in which the tables may live.
#[derive(QueryableByName)]
pub(super) struct Suitable {
    #[diesel(sql_type = Text)]
    database: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Bool)]
    read_only: bool,
    #[diesel(sql_type = Text)]
    path: String,
    #[diesel(sql_type = Nullable<Text>)]
    schema: Option<String>,
    #[diesel(sql_type = Bool)]
    may_create: bool,
}

#[derive(QueryableByName)]
struct Relation {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Suitable {
    /// Queries the database.
    ///
    /// # Errors
    /// [`Error::Internal`] with a sentence for the operator when it is not suitable.
    pub(super) async fn find(connection: &mut Connection) -> Result<Self, Error> {
        let found: Self = diesel::sql_query(FOUND).one_row(connection).await?;
        let Self { database, encoding, role, path, .. } = &found;
        if encoding != "UTF8" {
            return Err(Error::internal(format!(
                "the database {database} has the encoding {encoding}, and names and passwords may be in any script: it must be UTF8. \
                 This makes one: CREATE DATABASE portcullis OWNER {} ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0",
                quoted(role)
            )));
        }
        if found.schema.is_none() {
            return Err(Error::internal(format!(
                "the search path of {role} in the database {database} is {path}, and no schema there exists that the role may use. \
                 This makes one: {}",
                own_schema(role)
            )));
        }
        Ok(found)
    }

    /// # Errors
    /// [`Error::ReadOnly`] when the database takes no changes; [`Error::Internal`] when the role may not make tables.
    pub(super) fn check_may_migrate(&self) -> Result<(), Error> {
        let Self { database, role, .. } = self;
        if self.read_only {
            return Err(Error::read_only(READ_ONLY));
        }
        if !self.may_create {
            let schema = quoted(self.schema());
            return Err(Error::internal(format!(
                "{role} may not make tables in the schema {schema} of the database {database}. This lets it: \
                 GRANT CREATE ON SCHEMA {schema} TO {}; or give it a schema of its own: {}",
                quoted(role),
                own_schema(role)
            )));
        }
        Ok(())
    }

    /// The first schema of the search path, in which the tables are.
    pub(super) fn schema(&self) -> &str {
        self.schema.as_deref().unwrap_or_default()
    }

    /// What an operator can do whose schema belongs to another application.
    pub(super) async fn how_to_part(&self, connection: &mut Connection) -> Result<String, Error> {
        let contents: Vec<Relation> = diesel::sql_query(CONTENTS).all_rows(connection).await?;
        let names: Vec<_> = contents.into_iter().map(|relation| relation.name).collect();
        let holds = if names.is_empty() { String::new() } else { format!(" (it holds {})", names.join(", ")) };
        let schema = quoted(self.schema());
        Ok(format!(
            "Where the schema {schema} is another application's{holds}, give Portcullis one of its own: {}",
            own_schema(&self.role)
        ))
    }
}

fn own_schema(role: &str) -> String {
    format!(
        "CREATE SCHEMA portcullis AUTHORIZATION {}; and end DATABASE_URL with ?options=-c%20search_path%3Dportcullis \
         (docs/deploying/shared-database.md)",
        quoted(role)
    )
}

/// The name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
