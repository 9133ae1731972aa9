//! Statements on recovery codes.

mod consume;
mod find;
mod replace;

pub(crate) use consume::{Consumption, consume};
pub(crate) use find::{FoundCode, find};
pub(crate) use replace::{Replaced, replace};
