//! `emailLink`.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};
use futures_util::FutureExt;

use crate::app::App;
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::graphql::scalars::DateTime;
use crate::use_cases::look_at_link::{Link, Outcome, Purpose, look_at_link};

/// What a link from a mail leads to, and who asked for it.
#[derive(SimpleObject)]
pub(crate) struct EmailLink {
    /// What the link is for. It decides which mutation takes it.
    purpose: EmailLinkPurpose,
    /// The address to which the mail went.
    email: String,
    /// The address that the account has now, if the link reverts a change of it. Null for other links, and if the account has the
    /// same address.
    new_email: Option<String>,
    /// The username of the account, or the one that was typed at the registration.
    username: Option<String>,
    /// When somebody asked for the mail.
    requested_at: DateTime,
    /// The header `User-Agent` of whoever asked for the mail. It is what that client claims.
    user_agent: Option<String>,
    /// The IP address of whoever asked for the mail.
    ip_address: Option<String>,
    /// When the link expires.
    expires_at: DateTime,
}

/// What a link from a mail is for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Purpose")]
pub(crate) enum EmailLinkPurpose {
    /// `confirmRegistration` creates the account.
    ConfirmRegistration,
    /// `confirmEmail` proves the address of an account.
    ConfirmEmail,
    /// `signInWithEmail` opens a session.
    SignIn,
    /// `completePasswordReset` sets a new password.
    ResetPassword,
    /// `completeEmailChange` gives the account this address.
    ConfirmEmailChange,
    /// `revertEmailChange` gives the account the address of before.
    RevertEmailChange,
}

impl From<Link> for EmailLink {
    fn from(link: Link) -> Self {
        Self {
            purpose: link.purpose.into(),
            email: link.email,
            new_email: link.new_email,
            username: link.username,
            requested_at: link.requested_at.into(),
            user_agent: link.user_agent,
            ip_address: link.ip_address.map(|address| address.to_string()),
            expires_at: link.expires_at.into(),
        }
    }
}

#[derive(Default)]
pub(crate) struct LinkQuery;

#[Object]
impl LinkQuery {
    /// What a link from a mail leads to, for the page behind it, which says so before it uses the link. Asking uses nothing up. Null
    /// if there is no such link or it is over. Send it by POST and the link in a variable: the address of a GET is
    /// kept in logs and histories. The error is RATE_LIMITED after too many attempts; `extensions.retryAfter` says when to come
    /// back, in seconds.
    #[graphql(directive = public::apply())]
    async fn email_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What stands in the mail's link after the `=`.", secret)] link: String,
    ) -> Result<Option<EmailLink>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        match look_at_link(app, &client, &link).boxed().await? {
            Outcome::Found(link) => Ok(Some((*link).into())),
            Outcome::Over => Ok(None),
            Outcome::Limited(retry_after) => Err(ApiError::Limited(retry_after)),
        }
    }
}
