//! Statements that are still written in pieces.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;

/// The text of a statement, in which `$1`, `$2` and so on occur once each and in this order. diesel writes parameters
/// itself, so it gets the text in pieces. PostgreSQL gets the text as it is written.
pub(crate) struct Statement<'a, 'b, 'out> {
    rest: &'static str,
    bound: usize,
    out: &'a mut AstPass<'out, 'b, Pg>,
}

impl<'a, 'b, 'out> Statement<'a, 'b, 'out> {
    pub(crate) fn new(text: &'static str, out: &'a mut AstPass<'out, 'b, Pg>) -> Self {
        Self { rest: text, bound: 0, out }
    }

    /// Binds the next parameter.
    pub(crate) fn bind<T, U>(&mut self, value: &'b U) -> QueryResult<()>
    where
        Pg: HasSqlType<T>,
        U: ToSql<T, Pg> + ?Sized,
    {
        self.bound += 1;
        let missing = || diesel::result::Error::QueryBuilderError(format!("no parameter {}", self.bound).into());
        let (before, after) = self.rest.split_once(&format!("${}", self.bound)).ok_or_else(missing)?;
        self.out.push_sql(before);
        self.out.push_bind_param::<T, U>(value)?;
        self.rest = after;
        Ok(())
    }

    /// Writes what follows the last parameter.
    pub(crate) fn end(self) {
        self.out.push_sql(self.rest);
    }
}
