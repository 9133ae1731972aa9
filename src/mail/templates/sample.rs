//! Mails with invented content, to look at templates and to try them.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::mail::{Content, Device, Kind, Occasion, Purpose};

/// To whom the mails go.
pub(super) const RECIPIENT: &str = "ada@example.com";

/// 29 November 2026, 09:30 UTC.
const ASKED_AT: i64 = 1_795_944_600;

const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Everything that a mail of this kind can have, on its common occasion.
pub(super) fn full(kind: Kind) -> Content {
    let at = Timestamp::from_timestamp(ASKED_AT, 0).unwrap_or_default();
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    Content {
        username: Some("ada".to_owned()),
        new_email: (kind == Kind::EmailChanged).then(|| "lovelace@example.net".to_owned()),
        codes_left: (kind == Kind::RecoveryCodeUsed).then_some(2),
        passkey: matches!(kind, Kind::PasskeyAdded | Kind::PasskeyRemoved | Kind::PasskeyRefused)
            .then(|| "Ada's laptop".to_owned()),
        occasion: None,
        trusted_until: (kind == Kind::DeviceTrusted).then(|| at + MONTH),
        device: Some(Device { user_agent: Some(USER_AGENT.to_owned()), ip_address: Some(address), at }),
        link_expires_at: Purpose::of(kind).is_some().then(|| at + if kind == Kind::EmailChanged { WEEK } else { HOUR }),
        code: kind.has_code().then(code),
        code_expires_at: kind.has_code().then(|| at + 10 * MINUTE),
        ..least(kind)
    }
}

/// What a mail of this kind has at the least, on the occasion that is not the common one. The mail that sets a new password after a
/// revert has no code.
pub(super) fn least(kind: Kind) -> Content {
    Content {
        link: Purpose::of(kind).is_some().then(|| "pcl_AXrZ0vC3mUe1uQ6yDk9sWb7tNf4hJg2LpOi8MxEcRaY".to_owned()),
        code: (kind.has_code() && kind != Kind::ResetPassword).then(code),
        occasion: match kind {
            Kind::TotpAdded | Kind::PasskeyAdded => Some(Occasion::Enrolment),
            Kind::ResetPassword => Some(Occasion::Revert),
            _ => None,
        },
        ..Content::default()
    }
}

fn code() -> String {
    "12345678".to_owned()
}
