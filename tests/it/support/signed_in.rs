//! Somebody who is signed in.

use std::ops::Deref;

use serde_json::Value;

use super::{Client, Peer};

/// An application at which somebody is signed in: all that a [`Client`] can, with the access token, and what the sign-in
/// answered.
#[derive(Clone)]
pub(crate) struct SignedIn {
    client: Client,
    success: Value,
}

impl Deref for SignedIn {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl SignedIn {
    /// After this answer of `register`, `login` or `refreshToken`.
    pub(super) fn new(client: &Client, success: &Value) -> Self {
        let token = success["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("no sign-in: {success}"));
        Self { client: client.with_token(token), success: success.clone() }
    }

    /// The same application, at this instance.
    pub(crate) fn visiting(&self, peer: &Peer) -> Self {
        Self { client: peer.visited_by(&self.client), ..self.clone() }
    }

    pub(crate) fn user(&self) -> &Value {
        &self.success["user"]
    }

    pub(crate) fn user_id(&self) -> &str {
        self.text("user", "id")
    }

    pub(crate) fn session(&self) -> &Value {
        &self.success["session"]
    }

    pub(crate) fn session_id(&self) -> &str {
        self.text("session", "id")
    }

    pub(crate) fn tokens(&self) -> &Value {
        &self.success["tokens"]
    }

    pub(crate) fn access_token(&self) -> &str {
        self.text("tokens", "accessToken")
    }

    pub(crate) fn refresh_token(&self) -> &str {
        self.text("tokens", "refreshToken")
    }

    /// What the device got, to sign in again with.
    pub(crate) fn device_token(&self) -> &str {
        self.success["deviceToken"].as_str().expect("a device token")
    }

    /// Goes on with the session.
    pub(crate) async fn refresh(&self) -> Self {
        Self::new(&self.client, &self.try_refresh(self.refresh_token()).await)
    }

    fn text(&self, part: &str, field: &str) -> &str {
        self.success[part][field].as_str().unwrap_or_else(|| panic!("no {part}.{field}: {}", self.success))
    }
}
