//! Listing the trusted devices of accounts.

use ipnetwork::IpNetwork;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::AccountId;
use crate::trusted_devices::TrustedDevice;

/// The devices that these accounts trust at `now`, if they came to be trusted after `since`. Those of an account come with the last used
/// first.
pub(crate) async fn list(
    connection: &mut Connection,
    accounts: &[AccountId],
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<TrustedDevice>, Error> {
    let listing = Listing { accounts: accounts.iter().map(|account| account.0).collect(), now, since };
    let rows = listing.all_rows::<DeviceRow>(connection).await?;
    Ok(rows.into_iter().map(TrustedDevice::from).collect())
}

statement! {
    struct Listing = "list.sql" {
        accounts: Vec<Uuid>,
        now: Timestamp,
        since: Timestamp,
    } -> DeviceRow
}

row! {
    struct DeviceRow {
        account_id: Uuid,
        device_id: Uuid,
        created_at: Timestamp,
        last_used_at: Timestamp,
        expires_at: Timestamp,
        user_agent: Option<String>,
        ip_address: Option<IpNetwork>,
    }
}

impl From<DeviceRow> for TrustedDevice {
    fn from(row: DeviceRow) -> Self {
        Self {
            account: AccountId(row.account_id),
            id: row.device_id,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            user_agent: row.user_agent,
            ip_address: row.ip_address.map(|network| network.ip()),
        }
    }
}
