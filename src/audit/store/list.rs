//! An account's events, page by page.

use ipnetwork::IpNetwork;
use uuid::Uuid;

use crate::audit::{Event, EventPage};
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::SessionId;

row! {
    struct EventRow {
        id: Uuid,
        kind: String,
        occurred_at: Timestamp,
        session_id: Option<Uuid>,
        user_agent: Option<String>,
        ip_address: Option<IpNetwork>,
        request_id: Option<String>,
    }
}

row! {
    /// An event, and the number of its page, from 1.
    struct ListedRow {
        number: i64,
        event: EventRow,
    }
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
    for ListedRow { number, event } in listing.all_rows::<ListedRow>(connection).await? {
        let list = usize::try_from(number - 1).ok().and_then(|place| lists.get_mut(place));
        list.ok_or_else(|| Error::internal("an event of no page"))?.push(event.event()?);
    }
    Ok(lists)
}

statement! {
    struct Listing = "list.sql" {
        accounts: Vec<Uuid>,
        afters: Vec<Option<Uuid>>,
        firsts: Vec<i64>,
    } -> ListedRow
}
