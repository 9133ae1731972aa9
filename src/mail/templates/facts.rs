//! What a mail tells, as templates need it.

use std::net::IpAddr;

use super::device;
use crate::clock::Timestamp;
use crate::mail::{Content, Kind, Occasion, Purpose};

/// What a mail tells.
pub(super) struct Facts<'a> {
    pub(super) kind: Kind,
    pub(super) occasion: Option<Occasion>,
    /// The name of the application.
    pub(super) app: &'a str,
    pub(super) recipient: &'a str,
    pub(super) link: Option<LinkOrCode>,
    pub(super) code: Option<LinkOrCode>,
    pub(super) username: Option<&'a str>,
    pub(super) new_email: Option<&'a str>,
    pub(super) codes_left: Option<i64>,
    pub(super) passkey: Option<&'a str>,
    pub(super) trusted_until: Option<Timestamp>,
    pub(super) asker: Option<Asker>,
}

/// A link or a code.
pub(super) struct LinkOrCode {
    /// The whole link, or the code as `1234 5678`.
    pub(super) text: String,
    pub(super) expires_at: Option<Timestamp>,
    /// For how many minutes it is valid, from when it was asked for.
    pub(super) minutes: Option<i64>,
}

/// Who caused the mail.
pub(super) struct Asker {
    pub(super) browser: Option<&'static str>,
    pub(super) system: Option<&'static str>,
    pub(super) ip_address: Option<IpAddr>,
    pub(super) at: Timestamp,
}

impl<'a> Facts<'a> {
    pub(super) fn new(kind: Kind, app: &'a str, link_url: &str, recipient: &'a str, content: &'a Content) -> Self {
        let asked_at = content.device.as_ref().map(|device| device.at);
        let entry = |text: String, expires_at: Option<Timestamp>| LinkOrCode {
            text,
            expires_at,
            minutes: expires_at.zip(asked_at).map(|(end, start)| minutes(start, end)).filter(|minutes| *minutes > 0),
        };
        let link = Purpose::of(kind).zip(content.link.as_deref());
        // Every flow has a code, and not every mail tells it.
        let code = content.code.as_deref().filter(|_| kind.has_code());
        Self {
            kind,
            occasion: content.occasion,
            app,
            recipient,
            // The token stands in the fragment, so it is in no log and no `Referer`.
            link: link.map(|(purpose, token)| entry(format!("{link_url}#{purpose}={token}"), content.link_expires_at)),
            code: code.map(|code| entry(grouped(code), content.code_expires_at)),
            username: content.username.as_deref(),
            new_email: content.new_email.as_deref(),
            codes_left: content.codes_left,
            passkey: content.passkey.as_deref(),
            trusted_until: content.trusted_until,
            asker: content.device.as_ref().map(|device| Asker {
                browser: device.user_agent.as_deref().and_then(device::browser),
                system: device.user_agent.as_deref().and_then(device::system),
                ip_address: device.ip_address.map(|address| address.to_canonical()),
                at: device.at,
            }),
        }
    }
}

/// The minutes between two times. What asks takes the times one after the other, so some milliseconds may be missing.
fn minutes(start: Timestamp, end: Timestamp) -> i64 {
    ((end - start).num_seconds() + 30) / 60
}

/// The digits in groups of four.
fn grouped(code: &str) -> String {
    let digits: Vec<char> = code.chars().collect();
    digits.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
