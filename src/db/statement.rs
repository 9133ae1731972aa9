//! Statements as whole texts. Each has a file of its own that can be pasted into psql.
//!
//! diesel's own language is shorter and comes first. These are for what it has no words for, and for `UPDATE`, which it prepares
//! anew each time; that costs a round trip.

use diesel::QueryResult;
use diesel::pg::{Pg, PgMetadataLookup, PgTypeMetadata};
use diesel::query_builder::AstPass;
use diesel::sql_types::{self, Array, HasSqlType, Nullable};
use ipnetwork::IpNetwork;
use uuid::Uuid;

use crate::clock::Timestamp;

/// Declares a statement: a structure with a field for each parameter of the text, `$1` first, and the row that the text gives, if it
/// gives any. It is run by [`Run`](super::Run), and prepared once a connection.
///
/// The file stands beside the source. A parameter may be used more often than once. Where the text says `$1::uuid AS account`, the
/// field has to be called `account`; the test `statements::` compares the names, the types, and what may be null.
macro_rules! statement {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(<$life:lifetime>)? = $file:literal {
            $($field:ident: $type:ty),* $(,)?
        }
    ) => {
        $crate::db::statement! {
            $(#[$meta])*
            $vis struct $name $(<$life>)? = $file { $($field: $type),* } -> ()
        }
    };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(<$life:lifetime>)? = $file:literal {
            $($field:ident: $type:ty),* $(,)?
        } -> $row:ty
    ) => {
        $(#[$meta])*
        $vis struct $name $(<$life>)? {
            $($vis $field: $type,)*
        }

        $crate::db::parameters! { $name $(<$life>)? { $($field: $type),* } }

        const _: () = {
            /// The type by which a connection finds a statement that it has prepared.
            struct Key;

            impl $(<$life>)? diesel::query_builder::QueryId for $name $(<$life>)? {
                type QueryId = Key;
            }

            impl $(<$life>)? diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name $(<$life>)? {
                fn walk_ast<'b>(
                    &'b self,
                    out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
                ) -> diesel::QueryResult<()> {
                    $crate::db::statement::write(include_str!($file), self, out)
                }
            }

            impl $(<$life>)? diesel::query_builder::Query for $name $(<$life>)? {
                type SqlType = <$row as $crate::db::statement::Columns>::Sql;
            }

            inventory::submit! {
                $crate::db::statement::Declared {
                    name: concat!(module_path!(), "::", stringify!($name)),
                    text: include_str!($file),
                    parameters: <$name as $crate::db::statement::Parameters>::declare,
                    columns: <$row as $crate::db::statement::Columns>::declare,
                }
            }
        };
    };
}
pub(crate) use statement;

/// Declares a structure as a group of parameters: the named fields, in their order.
macro_rules! parameters {
    ($name:ident $(<$life:lifetime>)? { $($field:ident: $type:ty),* $(,)? }) => {
        impl $(<$life>)? $crate::db::statement::Parameters for $name $(<$life>)? {
            fn bind<'b>(
                &'b self,
                _out: &mut diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                $($crate::db::statement::Parameters::bind(&self.$field, _out)?;)*
                Ok(())
            }

            fn declare(_: &'static str, _list: &mut Vec<$crate::db::statement::Value>) {
                $(<$type as $crate::db::statement::Parameters>::declare(stringify!($field), _list);)*
            }
        }
    };
}
pub(crate) use parameters;

/// Declares a structure as the row of a statement, or as a part of one: a field for each column, in their order.
macro_rules! row {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty),* $(,)?
        }
    ) => {
        #[derive(diesel::Queryable)]
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type,)*
        }

        impl $crate::db::statement::Row for $name {}

        impl $crate::db::statement::Columns for $name {
            type Sql = ($(<$type as $crate::db::statement::Columns>::Sql,)*);

            fn declare(_: &'static str, list: &mut Vec<$crate::db::statement::Value>) {
                $(<$type as $crate::db::statement::Columns>::declare(stringify!($field), list);)*
            }
        }
    };
}
pub(crate) use row;

/// A statement and what it declares.
#[derive(Debug)]
pub struct Declared {
    /// Its path in the source.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    pub(crate) parameters: Declare,
    pub(crate) columns: Declare,
}

/// Adds what a type declares under a name to a list.
pub(crate) type Declare = fn(&'static str, &mut Vec<Value>);

inventory::collect!(Declared);

/// A parameter or a column.
#[derive(Debug)]
pub struct Value {
    /// Its name; empty for the column of a row that has but one.
    pub name: &'static str,
    /// Its type's identity in `pg_type`.
    pub oid: u32,
    /// Whether it may be null.
    pub nullable: bool,
}

impl Declared {
    /// All declared statements, sorted by name.
    #[must_use]
    pub fn all() -> Vec<&'static Self> {
        let mut all: Vec<_> = inventory::iter::<Self>().collect();
        all.sort_by_key(|declared| declared.name);
        all
    }

    /// The parameters, in the order of their numbers.
    #[must_use]
    pub fn parameters(&self) -> Vec<Value> {
        listed(self.parameters)
    }

    /// The columns of a row, in order.
    #[must_use]
    pub fn columns(&self) -> Vec<Value> {
        listed(self.columns)
    }
}

fn listed(declare: Declare) -> Vec<Value> {
    let mut list = Vec::new();
    declare("", &mut list);
    list
}

/// Writes the text, and binds the parameters.
pub(crate) fn write<'b>(text: &str, parameters: &'b impl Parameters, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql(text);
    // diesel writes a number for each value that it is given. They go into a comment, since the text has its own.
    out.push_sql("\n-- ");
    parameters.bind(&mut out)
}

/// A value that is bound, or some that always go together.
pub(crate) trait Parameters {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;

    fn declare(name: &'static str, list: &mut Vec<Value>);
}

/// What can be read from a row: a column, or a [`Row`].
pub(crate) trait Columns {
    /// diesel's types of the columns.
    type Sql;

    fn declare(name: &'static str, list: &mut Vec<Value>);
}

/// More columns than one.
pub(crate) trait Row: Columns {}

impl<T: Parameters + ?Sized> Parameters for &T {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        (**self).bind(out)
    }

    fn declare(name: &'static str, list: &mut Vec<Value>) {
        T::declare(name, list);
    }
}

/// No row.
impl Columns for () {
    type Sql = ();

    fn declare(_: &'static str, _: &mut Vec<Value>) {}
}

/// A part of the row that is there as a whole or not at all.
impl<R: Row> Columns for Option<R> {
    type Sql = Nullable<R::Sql>;

    fn declare(name: &'static str, list: &mut Vec<Value>) {
        let before = list.len();
        R::declare(name, list);
        list.iter_mut().skip(before).for_each(|value| value.nullable = true);
    }
}

/// The type of SQL that a type of Rust is sent as.
macro_rules! parameter {
    ($($rust:ty as $sql:ty, $nullable:literal;)*) => {$(
        impl Parameters for $rust {
            fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_bind_param::<$sql, Self>(self)
            }

            fn declare(name: &'static str, list: &mut Vec<Value>) {
                list.push(Value { name, oid: oid::<$sql>(), nullable: $nullable });
            }
        }
    )*};
}

/// The type of SQL that a type of Rust is read from.
macro_rules! column {
    ($($rust:ty as $sql:ty, $nullable:literal;)*) => {$(
        impl Columns for $rust {
            type Sql = $sql;

            fn declare(name: &'static str, list: &mut Vec<Value>) {
                list.push(Value { name, oid: oid::<$sql>(), nullable: $nullable });
            }
        }
    )*};
}

macro_rules! both {
    ($($rust:ty as $sql:ty;)*) => {
        parameter! { $(
            $rust as $sql, false;
            Option<$rust> as Nullable<$sql>, true;
            Vec<$rust> as Array<$sql>, false;
            Vec<Option<$rust>> as Array<Nullable<$sql>>, false;
        )* }
        column! { $(
            $rust as $sql, false;
            Option<$rust> as Nullable<$sql>, true;
            Vec<$rust> as Array<$sql>, false;
            Vec<Option<$rust>> as Array<Nullable<$sql>>, false;
        )* }
    };
}

both! {
    Uuid as sql_types::Uuid;
    String as sql_types::Text;
    bool as sql_types::Bool;
    i32 as sql_types::Integer;
    i64 as sql_types::BigInt;
    f64 as sql_types::Double;
    Timestamp as sql_types::Timestamptz;
    IpNetwork as sql_types::Inet;
    Vec<u8> as sql_types::Bytea;
}

parameter! {
    str as sql_types::Text, false;
    Option<&str> as Nullable<sql_types::Text>, true;
}

/// The type's identity. All types are PostgreSQL's own, which have the same one everywhere.
fn oid<T>() -> u32
where
    Pg: HasSqlType<T>,
{
    struct Nowhere;

    impl PgMetadataLookup for Nowhere {
        fn lookup_type(&mut self, _: &str, _: Option<&str>) -> PgTypeMetadata {
            PgTypeMetadata::new(0, 0)
        }
    }

    <Pg as HasSqlType<T>>::metadata(&mut Nowhere).oid().unwrap_or_default()
}
