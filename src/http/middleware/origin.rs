//! The origin of the page that made a browser send a request.

use poem::http::{HeaderMap, HeaderName, header};

use crate::app::App;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A header that a correct client sends only once and in ASCII.
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

/// Whether the request may use the browser's cookies. The browser sets both headers itself, and no page can change
/// them (Fetch Metadata, section 2; RFC 6454 section 7).
///
/// A request that has neither was not sent by a page, because all current browsers send `Origin` with every `POST`. A
/// client that is not a browser has no cookies but its own.
///
/// Our own origin is that of the settings. The `Host` header counts only where the browser itself has found the
/// origins equal, because a proxy may have changed it and it leaves out the scheme.
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
        // `none` means that the user typed the address, which sends no POST.
        _ => false,
    }
}

fn is_host(headers: &HeaderMap, origin: &str) -> bool {
    let Ok(Some(host)) = single(headers, &header::HOST) else { return false };
    // The origin of an app may look like this as well: `tauri://localhost`.
    let place = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    place.is_some_and(|place| place.eq_ignore_ascii_case(host))
}
