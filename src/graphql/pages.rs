//! What the arguments of connections say (GraphQL Cursor Connections Specification). Cursors are ids.

use uuid::Uuid;

use super::error::ApiError;

/// How many on a page where no number is asked for.
pub(super) const USUAL: u16 = 20;

/// Most on a page.
pub(super) const MOST: u16 = 100;

/// How many are asked for, and after which.
pub(super) fn page(first: Option<u16>, after: Option<&str>) -> Result<(u16, Option<Uuid>), ApiError> {
    let after = after.map(Uuid::parse_str).transpose();
    let after = after.map_err(|_| ApiError::Input("`after` is not a cursor of this connection."))?;
    let first = first.unwrap_or(USUAL);
    if !(1..=MOST).contains(&first) {
        return Err(ApiError::Input("`first` is from 1 to 100."));
    }
    Ok((first, after))
}
