//! The mails of development, at `/mail`. Whoever reads them can reset every password, so this page is for the machine on which the
//! server runs, and for nobody else.

mod access;
mod render;

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response};
use uuid::Uuid;

use super::page::{Asset, SCRIPT, STYLE, page};
use crate::app::App;
use crate::http::routes::Routes;
use crate::mail::Delivered;
use crate::use_cases::send_mails::send_mails;

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
     frame-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// A mail brings its style along, and loads nothing. No script runs in it, and it is of no origin, even if it is opened by
/// itself. What is clicked in it opens in its place or beside it.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
     frame-ancestors 'self'; base-uri 'none'; \
     sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";

/// Adds the pages, where mails are shown.
pub(crate) fn add(routes: Routes, app: &Arc<App>) -> Routes {
    let guarded = |part| MailPage { app: app.clone(), part };
    routes
        .at("/mail", guarded(Part::List))
        .at("/mail/html", guarded(Part::Html))
        .at("/mail/mail.css", Asset { content_type: STYLE, bytes: include_bytes!("mail_page/mail.css") })
        .at("/mail/mail.js", Asset { content_type: SCRIPT, bytes: include_bytes!("mail_page/mail.js") })
}

struct MailPage {
    app: Arc<App>,
    part: Part,
}

enum Part {
    /// The list of mails, with one of them.
    List,
    /// One mail as HTML, for the frame on the page.
    Html,
}

impl Endpoint for MailPage {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if let Err(why) = access::check(&self.app, &request) {
            return Ok(refused(StatusCode::FORBIDDEN, why));
        }
        // A mail that was written a moment ago is shown, whether its turn has come or not.
        if let Err(error) = send_mails(&self.app).await {
            tracing::debug!(%error, causes = error.causes(), at = error.at(), "mails that are due are not shown yet");
        }
        let mails = self.app.mailbox().map(|mailbox| mailbox.list()).unwrap_or_default();
        let asked = request.uri().query().and_then(|query| query.strip_prefix("id=")).and_then(|id| id.parse().ok());
        let asked = asked.and_then(|id: Uuid| mails.iter().find(|mail| mail.id == id));
        Ok(match self.part {
            Part::List => self.list(&mails, asked),
            Part::Html => match asked {
                Some(mail) => html(mail),
                None => refused(StatusCode::NOT_FOUND, "There is no such mail any more."),
            },
        })
    }
}

impl MailPage {
    fn list(&self, mails: &[Delivered], asked: Option<&Delivered>) -> Response {
        match render::page(mails, asked.or(mails.first()), &self.app.config.mail.link_url) {
            Ok(text) => page(PAGE_POLICY, text.into()),
            Err(error) => {
                tracing::error!(error, "the page of mails can't be rendered");
                refused(StatusCode::INTERNAL_SERVER_ERROR, "The page can't be shown.")
            }
        }
    }
}

fn html(mail: &Delivered) -> Response {
    let mut response = page(MAIL_POLICY, render::in_frame(&mail.rendered.html).into());
    response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

fn refused(status: StatusCode, why: &'static str) -> Response {
    Response::builder().status(status).content_type("text/plain; charset=utf-8").body(format!("{why}\n"))
}
