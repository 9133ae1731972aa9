//! Handing tokens out.

use async_graphql::{Context, Enum, SimpleObject};

use crate::app::SignIn;
use crate::clock::Timestamp;
use crate::graphql::cookies::{Cookie, Cookies};
use crate::graphql::error::ApiError;
use crate::graphql::scalars::DateTime;
use crate::tokens::PlainToken;
use crate::tokens::device;

/// How the client gets the refresh token.
#[derive(Enum, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum TokenTransport {
    /// In the field `tokens`. This is for clients that can store it safely.
    #[default]
    Body,
    /// In a cookie that the browser stores and no script can read. The error is BAD_USER_INPUT if cookies are
    /// switched off on the server, and FORBIDDEN for a page of an origin that may not use them.
    Cookie,
}

/// The tokens of a session.
#[derive(SimpleObject)]
pub(crate) struct Tokens {
    /// A JWT (RFC 9068) for the header `Authorization: Bearer`. Keep it in memory.
    access_token: String,
    /// When the access token expires.
    access_token_expires_at: DateTime,
    /// The token that `refreshToken` exchanges for a new pair when the access token has expired. Store it where
    /// foreign scripts can't read it. Null when it is in the cookie, and in the answer of `reauthenticate`, after which the
    /// one that the client has stays valid.
    refresh_token: Option<String>,
    /// `Bearer` (RFC 6750).
    token_type: &'static str,
}

impl Tokens {
    /// An access token for a session whose refresh token stays as it is.
    pub(super) fn access_only(access: &PlainToken, expires_at: Timestamp) -> Self {
        Self {
            access_token: access.expose().to_owned(),
            access_token_expires_at: expires_at.into(),
            refresh_token: None,
            token_type: "Bearer",
        }
    }
}

/// How the refresh token goes to the client.
#[derive(Clone, Copy)]
pub(crate) struct Delivery<'a>(Option<&'a Cookies>);

impl<'a> Delivery<'a> {
    pub(crate) const BODY: Self = Self(None);

    pub(super) fn by_cookie(cookies: &'a Cookies) -> Self {
        Self(Some(cookies))
    }

    /// The delivery for the transport that the client asks for.
    ///
    /// # Errors
    /// When the client asks for a cookie and can't have one. Call this before anything is changed.
    pub(crate) fn asked(ctx: &Context<'a>, transport: TokenTransport) -> Result<Self, ApiError> {
        Ok(match transport {
            TokenTransport::Body => Self::BODY,
            TokenTransport::Cookie => Self::by_cookie(Cookies::of(ctx)?),
        })
    }

    /// Hands out the device token. Returns it if it belongs in the body.
    pub(crate) fn device(self, token: PlainToken, now: Timestamp) -> Option<String> {
        match self.0 {
            None => Some(token.expose().to_owned()),
            Some(cookies) => {
                cookies.keep(Cookie::Device, token, now + device::LIFE);
                None
            }
        }
    }

    /// The refresh token that came in this way, if there is one.
    pub(in crate::graphql) fn known_device(self) -> Option<String> {
        self.0?.get(Cookie::Device)
    }

    /// Hands out the tokens.
    pub(super) fn tokens(self, sign_in: &SignIn) -> Tokens {
        let tokens = &sign_in.tokens;
        let refresh_token = match self.0 {
            None => Some(tokens.refresh.expose().to_owned()),
            Some(cookies) => {
                cookies.keep(Cookie::Refresh, tokens.refresh.clone(), sign_in.session.expires_at);
                None
            }
        };
        Tokens {
            access_token: tokens.access.expose().to_owned(),
            access_token_expires_at: tokens.access_expires_at.into(),
            refresh_token,
            token_type: "Bearer",
        }
    }
}
