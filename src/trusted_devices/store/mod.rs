//! Statements on trusted devices. Those that open sessions write and read them as well.

mod clean_up;
mod forget;
mod list;

pub(crate) use clean_up::clean_up;
pub(crate) use forget::forget;
pub(crate) use list::list;
