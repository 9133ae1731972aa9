//! The type `Session`, and what every success that signs in is made of.

use async_graphql::{ID, SimpleObject};

use super::tokens::{Delivery, Tokens};
use crate::app::{SignIn, SignedIn};
use crate::graphql::scalars::DateTime;
use crate::ids::SessionId;
use crate::sessions;

/// An account signed in on one device.
#[derive(SimpleObject)]
pub(crate) struct Session {
    /// Identifies the session: `sid` in its access tokens.
    id: ID,
    /// When it was opened.
    created_at: DateTime,
    /// When it was opened, refreshed or used with an access token; the last to within a minute or two.
    last_used_at: DateTime,
    /// When it ends at the latest.
    expires_at: DateTime,
    /// The device's `User-Agent` when the session was opened, as the client claims it, at most 256 characters.
    user_agent: Option<String>,
    /// The device's address when the session was opened.
    ip_address: Option<String>,
    /// Whether it is the caller's own: that of the access token, or the one just opened or refreshed.
    current: bool,
}

impl Session {
    pub(super) fn new(session: sessions::Session, current: SessionId) -> Self {
        Self {
            id: session.id.0.into(),
            created_at: session.created_at.into(),
            last_used_at: session.last_used_at.into(),
            expires_at: session.expires_at.into(),
            user_agent: session.user_agent,
            ip_address: session.ip_address.map(|address| address.to_string()),
            current: session.id == current,
        }
    }
}

/// What every success that signs in, or goes on, is made of.
pub(in crate::graphql) fn parts(sign_in: SignIn, delivery: Delivery<'_>) -> (SignedIn, Session, Tokens) {
    let tokens = delivery.tokens(&sign_in);
    let SignIn { caller, session, .. } = sign_in;
    let session = Session::new(session, caller.session());
    (caller, session, tokens)
}
