//! Our cookies: their names, how browsers store them, and who may send them.

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

/// With this prefix browsers accept the cookie only from this host and over https, and send it nowhere else (RFC
/// 6265bis section 4.1.3.2), so that another host of the domain can't set it. Changing the name voids every cookie in
/// the field.
fn name(cookie: Cookie) -> &'static str {
    match cookie {
        Cookie::Refresh => "__Host-portcullis-refresh",
        Cookie::Device => "__Host-portcullis-device",
    }
}

/// A page sent a cookie that it may not send.
pub(crate) struct Foreign;

/// The cookies of a request. `None` if cookies are switched off.
///
/// # Errors
/// When a page of a foreign origin sent a cookie. Nothing is executed then.
pub(crate) fn of(app: &App, headers: &HeaderMap) -> Result<Option<Arc<Cookies>>, Foreign> {
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

/// Our cookies among all that were sent. One that comes twice is empty, because it can't be known which is genuine.
///
/// Names are compared byte for byte, and only what separates cookies is trimmed. For a browser, `__Host-` after other
/// white space is a different name, which another host of the domain may set.
fn read(headers: &HeaderMap) -> BTreeMap<Cookie, String> {
    let mut found = BTreeMap::new();
    for header in headers.get_all(header::COOKIE) {
        for pair in header.as_bytes().split(|byte| *byte == b';') {
            let Some(equals) = pair.iter().position(|byte| *byte == b'=') else { continue };
            let (sent, value) = (strip(&pair[..equals]), strip(&pair[equals + 1..]));
            if let Some(ours) = ALL.into_iter().find(|ours| name(*ours).as_bytes() == sent) {
                let value = || String::from_utf8_lossy(value).into_owned();
                found.entry(ours).and_modify(String::clear).or_insert_with(value);
            }
        }
    }
    found
}

/// Without spaces and tabs around it (RFC 6265bis section 5.6).
fn strip(bytes: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let (start, end) = (bytes.iter().position(is_text), bytes.iter().rposition(is_text));
    start.zip(end).map_or(&[], |(start, end)| &bytes[start..=end])
}

/// Tells the browser what has changed.
pub(crate) fn write(cookies: &Cookies, now: Timestamp, headers: &mut HeaderMap) {
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
        for white in ["\u{2000}", "\u{3000}", "\u{85}", "\u{a0}", "\u{2028}", "\u{feff}", "\u{b}", "\u{c}"] {
            let planted = format!("{white}{ours}=x");
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(planted.as_bytes()) {
                headers.append(header::COOKIE, value);
            }
            headers.append(header::COOKIE, HeaderValue::from_bytes(format!("{ours}=genuine").as_bytes()).unwrap());
            assert_eq!(read(&headers).remove(&Cookie::Refresh).as_deref(), Some("genuine"), "{white:?}");
        }
        for others in
            ["", ";", "=", ours, "__host-portcullis-refresh=x", "portcullis-refresh=x", "x__Host-portcullis-refresh=x"]
        {
            assert_eq!(refresh(&[others]), None, "{others}");
        }
    }
}
