//! Queries that record events, list them, and remove old ones.

mod clean_up;
mod list;
mod record;

pub(crate) use clean_up::clean_up;
pub(crate) use list::list;
pub(crate) use record::{Occurrence, Origin, record};
