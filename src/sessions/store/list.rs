//! An account's sessions, page by page.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Array, BigInt, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{COLUMNS, SessionColumns, SessionRow};
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Error;
use crate::sessions::{Page, Session};

/// Of each page the sessions that are active at `now`, newest first. One statement, however many pages.
pub(crate) async fn list(
    connection: &mut Connection,
    pages: &[Page],
    (unused_since, now): (Timestamp, Timestamp),
) -> Result<Vec<Vec<Session>>, Error> {
    let listing = Listing {
        accounts: pages.iter().map(|page| page.account.0).collect(),
        afters: pages.iter().map(|page| page.after.map(|id| id.0)).collect(),
        firsts: pages.iter().map(|page| i64::from(page.first)).collect(),
        unused_since,
        now,
    };
    let mut lists = vec![Vec::new(); pages.len()];
    for (number, row) in listing.load::<(i64, SessionRow)>(connection).await? {
        let list = usize::try_from(number - 1).ok().and_then(|place| lists.get_mut(place));
        list.ok_or_else(|| Error::internal("a session of no page"))?.push(row.into());
    }
    Ok(lists)
}

struct Listing {
    accounts: Vec<Uuid>,
    afters: Vec<Option<Uuid>>,
    firsts: Vec<i64>,
    unused_since: Timestamp,
    now: Timestamp,
}

impl QueryFragment<Pg> for Listing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT page.number, listed.* FROM unnest(");
        out.push_bind_param::<Array<sql_types::Uuid>, _>(&self.accounts)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<sql_types::Uuid>>, _>(&self.afters)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.firsts)?;
        out.push_sql(
            ") WITH ORDINALITY AS page (account, after, first, number) \
             JOIN accounts ON accounts.id = page.account CROSS JOIN LATERAL (SELECT ",
        );
        out.push_sql(COLUMNS);
        out.push_sql(
            " FROM sessions WHERE account_id = page.account AND generation = session_generation \
             AND id < coalesce(page.after, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND revoked_at IS NULL AND expires_at > ",
        );
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" AND last_used_at > ");
        out.push_bind_param::<Timestamptz, _>(&self.unused_since)?;
        out.push_sql(" ORDER BY id DESC LIMIT page.first) listed ORDER BY page.number, listed.id DESC");
        Ok(())
    }
}

impl Query for Listing {
    type SqlType = (BigInt, SessionColumns);
}

impl QueryId for Listing {
    type QueryId = Self;
}
