//! The type `Session`, and the parts that all successful sign-ins have in common.

use async_graphql::{ID, SimpleObject};

use super::tokens::{Delivery, Tokens};
use crate::app::{SignIn, SignedIn};
use crate::graphql::factor::FactorKind;
use crate::graphql::scalars::DateTime;
use crate::ids::SessionId;
use crate::sessions;

/// An account signed in on one device.
#[derive(SimpleObject)]
pub(crate) struct Session {
    /// The id of the session. It is the claim `sid` of its access tokens.
    id: ID,
    /// When it was opened.
    created_at: DateTime,
    /// When its owner last proved who they are. It is the claim `auth_time` of its access tokens.
    authenticated_at: DateTime,
    /// How they did.
    methods: Vec<FactorKind>,
    /// When the session was last used: opened, refreshed, or used with an access token. It may lag behind by one or
    /// two minutes.
    last_used_at: DateTime,
    /// When the session ends at the latest. It may end earlier.
    expires_at: DateTime,
    /// The `User-Agent` of the client that opened the session, as the client claims it. It has at most 256
    /// characters.
    user_agent: Option<String>,
    /// The IP address of the client that opened the session.
    ip_address: Option<String>,
    /// Whether this is the session of the request: that of the access token, or the one that was just opened or
    /// refreshed.
    current: bool,
}

impl Session {
    pub(super) fn new(session: sessions::Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id.0.into(),
            created_at: session.created_at.into(),
            authenticated_at: session.authenticated_at.into(),
            methods: session.methods.into_iter().map(Into::into).collect(),
            last_used_at: session.last_used_at.into(),
            expires_at: session.expires_at.into(),
            user_agent: session.user_agent,
            ip_address: session.ip_address.map(|address| address.to_string()),
            current: Some(session.id) == current,
        }
    }
}

/// The parts that all successful sign-ins and refreshes have in common.
pub(in crate::graphql) fn parts(sign_in: SignIn, delivery: Delivery<'_>) -> (SignedIn, Session, Tokens) {
    let tokens = delivery.tokens(&sign_in);
    let SignIn { caller, session, .. } = sign_in;
    let session = Session::new(session, Some(caller.session()));
    (caller, session, tokens)
}
