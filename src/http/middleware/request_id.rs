//! The id of a request.

use poem::Request;
use uuid::Uuid;

/// The header that carries it.
pub(super) const HEADER: &str = "x-request-id";

/// Identifies a request in answers and in the log. It is the `X-Request-Id` of the client or the proxy if that is
/// well-formed, else a new one.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(String);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn of(request: &Request) -> Self {
        let sound = |id: &&str| {
            (1..=128).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match request.header(HEADER).filter(sound) {
            Some(id) => Self(id.to_owned()),
            None => Self(Uuid::new_v4().to_string()),
        }
    }
}
