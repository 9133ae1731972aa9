//! An account's events, page by page.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Array, BigInt, Inet, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use ipnetwork::IpNetwork;
use uuid::Uuid;

use crate::audit::{Event, EventPage};
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Error;
use crate::ids::SessionId;

#[derive(Queryable)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct EventRow {
    id: Uuid,
    kind: String,
    occurred_at: Timestamp,
    session_id: Option<Uuid>,
    user_agent: Option<String>,
    ip_address: Option<IpNetwork>,
    request_id: Option<String>,
}

impl EventRow {
    fn event(self) -> Result<Event, Error> {
        let unknown = |_| Error::internal(format!("event {} is of an unknown kind", self.id));
        Ok(Event {
            id: self.id,
            kind: self.kind.parse().map_err(unknown)?,
            occurred_at: self.occurred_at,
            session: self.session_id.map(SessionId),
            user_agent: self.user_agent,
            ip_address: self.ip_address.map(|network| network.ip()),
            request_id: self.request_id,
        })
    }
}

/// The events of each page, newest first. One statement reads all pages.
pub(crate) async fn list(connection: &mut Connection, pages: &[EventPage]) -> Result<Vec<Vec<Event>>, Error> {
    let listing = Listing {
        accounts: pages.iter().map(|page| page.account.0).collect(),
        afters: pages.iter().map(|page| page.after).collect(),
        firsts: pages.iter().map(|page| i64::from(page.first)).collect(),
    };
    let mut lists = vec![Vec::new(); pages.len()];
    for (number, row) in listing.load::<(i64, EventRow)>(connection).await? {
        let list = usize::try_from(number - 1).ok().and_then(|place| lists.get_mut(place));
        list.ok_or_else(|| Error::internal("an event of no page"))?.push(row.event()?);
    }
    Ok(lists)
}

struct Listing {
    accounts: Vec<Uuid>,
    afters: Vec<Option<Uuid>>,
    firsts: Vec<i64>,
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
            ") WITH ORDINALITY AS page (account, after, first, number) CROSS JOIN LATERAL (SELECT id, kind, occurred_at, \
             session_id, user_agent, ip_address, request_id FROM audit_events WHERE account_id = page.account \
             AND id < coalesce(page.after, 'ffffffff-ffff-ffff-ffff-ffffffffffff') ORDER BY id DESC LIMIT page.first) listed \
             ORDER BY page.number, listed.id DESC",
        );
        Ok(())
    }
}

type EventColumns =
    (sql_types::Uuid, Text, Timestamptz, Nullable<sql_types::Uuid>, Nullable<Text>, Nullable<Inet>, Nullable<Text>);

impl Query for Listing {
    type SqlType = (BigInt, EventColumns);
}

impl QueryId for Listing {
    type QueryId = Self;
}
