//! Secrets that a browser keeps for its user, out of the reach of scripts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;

use super::error::ApiError;
use crate::clock::Timestamp;
use crate::tokens::PlainToken;

/// What a foreign page is told.
pub(crate) const FOREIGN: &str = "Pages of this origin may not use cookies here.";

/// Which secret. What its cookie is called and who gets to see it is the transport's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cookie {
    /// The refresh token.
    Refresh,
    /// What says that the device has signed in before.
    Device,
}

/// What a browser is to do with a cookie.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Keep this secret until then, in the place of what it has.
    Keep(PlainToken, Timestamp),
    /// Forget what it has.
    Forget,
}

/// The cookies of one request: what came with it, and what the answer changes. A field sees what the fields before it left.
#[derive(Default)]
pub(crate) struct Cookies {
    sent: BTreeMap<Cookie, String>,
    is_foreign: bool,
    changes: Mutex<BTreeMap<Cookie, Change>>,
}

impl Cookies {
    /// What came with a request.
    pub(crate) fn sent(sent: BTreeMap<Cookie, String>) -> Self {
        Self { sent, ..Self::default() }
    }

    /// Of a request from a page whose origin may neither send cookies nor be given any.
    pub(crate) fn foreign() -> Self {
        Self { is_foreign: true, ..Self::default() }
    }

    /// The jar of this request, if it may be used.
    ///
    /// # Errors
    /// When the server keeps no cookies, or none for the page that asks.
    pub(super) fn of<'a>(ctx: &Context<'a>) -> Result<&'a Self, ApiError> {
        match ctx.data_opt::<Arc<Self>>() {
            None => Err(ApiError::Input("This server keeps no cookies: ask for transport BODY, and send the token.")),
            Some(cookies) if cookies.is_foreign => Err(ApiError::Forbidden(FOREIGN)),
            Some(cookies) => Ok(cookies),
        }
    }

    /// The secret that the browser has.
    pub(super) fn get(&self, cookie: Cookie) -> Option<String> {
        match self.changes.lock().unwrap_or_else(PoisonError::into_inner).get(&cookie) {
            Some(Change::Keep(secret, _)) => Some(secret.expose().to_owned()),
            Some(Change::Forget) => None,
            None => self.sent.get(&cookie).cloned(),
        }
    }

    /// Gives the browser a secret to keep.
    pub(super) fn keep(&self, cookie: Cookie, secret: PlainToken, until: Timestamp) {
        self.change(cookie, Change::Keep(secret, until));
    }

    /// Has the browser forget the secret, if it has one.
    pub(super) fn forget(&self, cookie: Cookie) {
        if self.get(cookie).is_some() {
            self.change(cookie, Change::Forget);
        }
    }

    /// What the answer changes.
    pub(crate) fn changes(&self) -> BTreeMap<Cookie, Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, cookie: Cookie, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).insert(cookie, change);
    }
}
