//! The arguments of connections (GraphQL Cursor Connections Specification). Cursors are ids.

use uuid::Uuid;

use super::error::ApiError;

/// The size of a page if the client does not ask for one.
pub(super) const USUAL: u16 = 20;

/// The largest size of a page.
pub(super) const MOST: u16 = 100;

/// The size of the page, and the cursor that it follows.
pub(super) fn page(first: Option<u16>, after: Option<&str>) -> Result<(u16, Option<Uuid>), ApiError> {
    let after = after.map(Uuid::parse_str).transpose();
    let after = after.map_err(|_| ApiError::Input("`after` is not a cursor of this connection."))?;
    let first = first.unwrap_or(USUAL);
    if !(1..=MOST).contains(&first) {
        return Err(ApiError::Input("`first` is from 1 to 100."));
    }
    Ok((first, after))
}
