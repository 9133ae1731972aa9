//! Statements on authenticator apps.

mod accept;
mod add;
mod enrol;
mod factors;
mod find;
mod remove;
mod reseal;

pub(crate) use accept::{Acceptance, accept};
pub(crate) use add::{Added, Addition, add};
pub(crate) use enrol::{Enrolment, enrol};
pub(crate) use factors::{Factors, factors_of};
pub(crate) use find::{FoundTotp, find};
pub(crate) use remove::{Removed, remove};
pub(crate) use reseal::{Resealed, reseal, sealed_after};
