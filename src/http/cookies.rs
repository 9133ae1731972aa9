//! Our cookies: what they are called, how browsers are to keep them, and who may send them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cookie::SameSite;
use cookie::time::Duration;
use poem::http::{HeaderMap, HeaderValue, header};

use super::origin;
use crate::app::App;
use crate::clock::Timestamp;
use crate::graphql::cookies::{Change, Cookie, Cookies};

const ALL: [Cookie; 2] = [Cookie::Refresh, Cookie::Device];

/// The prefix has browsers take the cookie only from this very host, by https, and send it nowhere else (RFC 6265bis section
/// 4.1.3.2): another host of the domain can't plant one. Another name forgets every cookie in the field.
fn name(cookie: Cookie) -> &'static str {
    match cookie {
        Cookie::Refresh => "__Host-portcullis-refresh",
        Cookie::Device => "__Host-portcullis-device",
    }
}

/// A cookie came from a page that may not send it.
pub(super) struct Foreign;

/// The cookies of a request; `None` where the server keeps none.
///
/// # Errors
/// When there is one, and a page of a foreign origin sent it: then it counts for nothing, and nothing is to be executed.
pub(super) fn of(app: &App, headers: &HeaderMap) -> Result<Option<Arc<Cookies>>, Foreign> {
    if !app.config.browsers.cookies {
        return Ok(None);
    }
    let sent = read(headers);
    match origin::may_use_cookies(app, headers) {
        true => Ok(Some(Arc::new(Cookies::sent(sent)))),
        false if sent.is_empty() => Ok(Some(Arc::new(Cookies::foreign()))),
        false => Err(Foreign),
    }
}

/// Ours, of all that were sent. One that comes twice is empty: no telling which is genuine.
fn read(headers: &HeaderMap) -> BTreeMap<Cookie, String> {
    let mut found = BTreeMap::new();
    for header in headers.get_all(header::COOKIE) {
        let header = String::from_utf8_lossy(header.as_bytes());
        for sent in cookie::Cookie::split_parse(header.as_ref()).flatten() {
            if let Some(ours) = ALL.into_iter().find(|ours| name(*ours) == sent.name()) {
                found.entry(ours).and_modify(String::clear).or_insert_with(|| sent.value().to_owned());
            }
        }
    }
    found
}

/// Tells the browser what has changed.
pub(super) fn write(cookies: &Cookies, now: Timestamp, headers: &mut HeaderMap) {
    for (cookie, change) in cookies.changes() {
        let (value, seconds) = match &change {
            Change::Keep(secret, until) => (secret.expose(), (*until - now).num_seconds()),
            Change::Forget => ("", 0),
        };
        let text = cookie::Cookie::build((name(cookie), value))
            .path("/")
            .max_age(Duration::seconds(seconds.max(0)))
            .http_only(true)
            .secure(true)
            .same_site(SameSite::Strict)
            .to_string();
        if let Ok(mut value) = HeaderValue::try_from(text) {
            value.set_sensitive(true);
            headers.append(header::SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refresh(sent: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in sent {
            headers.append(header::COOKIE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        read(&headers).remove(&Cookie::Refresh)
    }

    #[test]
    fn our_cookie_is_found_among_others_and_counts_for_nothing_when_it_comes_twice() {
        let ours = "__Host-portcullis-refresh";
        assert_eq!(refresh(&[&format!("a=b; {ours}=x.y; c=d")]).as_deref(), Some("x.y"));
        assert_eq!(refresh(&[&format!("ü=ü;;=;{ours}=x=y")]).as_deref(), Some("x=y"));
        assert_eq!(refresh(&["a=b", &format!("{ours}=x")]).as_deref(), Some("x"));
        assert_eq!(refresh(&[&format!("{ours}=x; {ours}=x")]).as_deref(), Some(""));
        assert_eq!(refresh(&[&format!("{ours}=x"), &format!("{ours}=y"), &format!("{ours}=z")]).as_deref(), Some(""));
        for others in
            ["", ";", "=", ours, "__host-portcullis-refresh=x", "portcullis-refresh=x", "x__Host-portcullis-refresh=x"]
        {
            assert_eq!(refresh(&[others]), None, "{others}");
        }
    }
}
