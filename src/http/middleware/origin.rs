//! Where the page is from that has a browser send a request.

use poem::http::{HeaderMap, HeaderName, header};

use crate::app::App;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A header that no sound client sends twice, or with other than ASCII in it.
pub(crate) struct Unsound;

/// The only value of a header.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Unsound> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Unsound),
        (Some(_), Some(_)) => Err(Unsound),
    }
}

/// Whether the request may use the browser's cookies. Both headers are the browser's own word, which no page can change (Fetch
/// Metadata, section 2; RFC 6454 section 7).
///
/// What has neither is not sent by a page: all browsers of these years send `Origin` with every `POST`. Whoever is no browser
/// has no cookies but its own.
///
/// Our own origin is that of the settings. The `Host` header, which a proxy may have changed and which leaves out the scheme,
/// counts only where the browser itself has found the origins equal.
pub(crate) fn may_use_cookies(app: &App, headers: &HeaderMap) -> bool {
    let (Ok(site), Ok(origin)) = (single(headers, &FETCH_SITE), single(headers, &header::ORIGIN)) else { return false };
    let browsers = &app.config.browsers;
    match (site, origin) {
        (None | Some("same-origin"), None) => true,
        (None, Some(origin)) => browsers.is_own(origin) || browsers.allows_cookies(origin),
        (Some("same-origin"), Some(origin)) => {
            browsers.is_own(origin) || browsers.allows_cookies(origin) || is_host(headers, origin)
        }
        (Some("same-site" | "cross-site"), Some(origin)) => browsers.allows_cookies(origin),
        // `none` is an address typed by somebody, which posts nothing.
        _ => false,
    }
}

fn is_host(headers: &HeaderMap, origin: &str) -> bool {
    let Ok(Some(host)) = single(headers, &header::HOST) else { return false };
    // An app's origin may look alike: `tauri://localhost`.
    let place = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    place.is_some_and(|place| place.eq_ignore_ascii_case(host))
}
