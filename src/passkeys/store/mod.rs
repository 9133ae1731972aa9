//! Statements on passkeys.

mod accept;
mod add;
mod clean_up;
mod enrol;
mod find;
mod list;
mod look;
mod remove;
mod rename;

pub(crate) use accept::{Acceptance, accept};
pub(crate) use add::{Added, Addition, add};
pub(crate) use clean_up::clean_up;
pub(crate) use enrol::{Enrolled, Enrolment, enrol};
pub(crate) use find::{FoundPasskey, find};
pub(crate) use list::list;
pub(crate) use look::look;
pub(crate) use remove::{Removal, Removed, remove};
pub(crate) use rename::{Renamed, rename};
