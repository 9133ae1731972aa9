//! Secrets that a browser stores in cookies, which no script can read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;

use super::error::ApiError;
use crate::clock::Timestamp;
use crate::tokens::PlainToken;

/// The message for a page whose origin may not use cookies.
pub(crate) const FOREIGN: &str = "Pages of this origin may not use cookies here.";

/// The secrets that have a cookie. The transport decides on the name and the attributes of the cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cookie {
    /// The refresh token.
    Refresh,
    /// The device token.
    Device,
}

/// A change to a cookie of the browser.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The browser stores this secret until this time.
    Keep(PlainToken, Timestamp),
    /// The browser deletes the cookie.
    Forget,
}

/// The cookies of one request: those that came with it, and the changes that the answer makes. A field sees the
/// changes of the fields before it.
#[derive(Default)]
pub(crate) struct Cookies {
    sent: BTreeMap<Cookie, String>,
    is_foreign: bool,
    changes: Mutex<BTreeMap<Cookie, Change>>,
}

impl Cookies {
    /// The cookies that came with a request.
    pub(crate) fn sent(sent: BTreeMap<Cookie, String>) -> Self {
        Self { sent, ..Self::default() }
    }

    /// The cookies of a request from a page whose origin may neither send nor receive any.
    pub(crate) fn foreign() -> Self {
        Self { is_foreign: true, ..Self::default() }
    }

    /// The cookies of this request, if it may use them.
    ///
    /// # Errors
    /// When cookies are switched off, or the page's origin may not use them.
    pub(super) fn of<'a>(ctx: &Context<'a>) -> Result<&'a Self, ApiError> {
        match ctx.data_opt::<Arc<Self>>() {
            None => Err(ApiError::Input("This server keeps no cookies: ask for transport BODY, and send the token.")),
            Some(cookies) if cookies.is_foreign => Err(ApiError::Forbidden(FOREIGN)),
            Some(cookies) => Ok(cookies),
        }
    }

    /// The secret that the browser sent, or that an earlier field has changed.
    pub(super) fn get(&self, cookie: Cookie) -> Option<String> {
        match self.changes.lock().unwrap_or_else(PoisonError::into_inner).get(&cookie) {
            Some(Change::Keep(secret, _)) => Some(secret.expose().to_owned()),
            Some(Change::Forget) => None,
            None => self.sent.get(&cookie).cloned(),
        }
    }

    /// Has the browser store a secret.
    pub(super) fn keep(&self, cookie: Cookie, secret: PlainToken, until: Timestamp) {
        self.change(cookie, Change::Keep(secret, until));
    }

    /// Has the browser delete the secret, if it has one.
    pub(super) fn forget(&self, cookie: Cookie) {
        if self.get(cookie).is_some() {
            self.change(cookie, Change::Forget);
        }
    }

    /// The changes that the answer makes.
    pub(crate) fn changes(&self) -> BTreeMap<Cookie, Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, cookie: Cookie, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).insert(cookie, change);
    }
}
