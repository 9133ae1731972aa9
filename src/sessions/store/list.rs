//! An account's sessions, page by page.

use uuid::Uuid;

use super::SessionRow;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::sessions::{ActiveAt, Page, Session};

/// The sessions of each page that are active, newest first. One statement reads all pages.
pub(crate) async fn list(
    connection: &mut Connection,
    pages: &[Page],
    at: ActiveAt,
) -> Result<Vec<Vec<Session>>, Error> {
    let listing = Listing {
        accounts: pages.iter().map(|page| page.account.0).collect(),
        afters: pages.iter().map(|page| page.after.map(|id| id.0)).collect(),
        firsts: pages.iter().map(|page| i64::from(page.first)).collect(),
        at,
    };
    let mut lists = vec![Vec::new(); pages.len()];
    for ListedRow { number, session } in listing.all_rows::<ListedRow>(connection).await? {
        let list = usize::try_from(number - 1).ok().and_then(|place| lists.get_mut(place));
        list.ok_or_else(|| Error::internal("a session of no page"))?.push(session.into());
    }
    Ok(lists)
}

statement! {
    struct Listing = "list.sql" {
        accounts: Vec<Uuid>,
        afters: Vec<Option<Uuid>>,
        firsts: Vec<i64>,
        at: ActiveAt,
    } -> ListedRow
}

row! {
    /// A session, and the number of its page, from 1.
    struct ListedRow {
        number: i64,
        session: SessionRow,
    }
}
