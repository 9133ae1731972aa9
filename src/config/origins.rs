//! Origins of pages: exact ones, patterns of one label, and those of apps.

use std::str::FromStr;

use url::{Host, Origin, Url};
use uuid::Uuid;

/// What an entry of the list stands for.
#[derive(Clone, Debug)]
pub(super) enum Origins {
    /// One origin, http or https.
    Page(String),
    /// Every origin with one label in a place.
    Pattern(Pattern),
    /// The origin of an app or a browser's extension. All apps that are made in one way may share it.
    App(String),
}

/// `https://*.example.app:8443`
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// With a label in the place of the `*`.
    example: String,
    /// `https://`
    start: String,
    /// `.example.app:8443`
    end: String,
    /// `example.app`
    parent: String,
}

/// An entry of the list, with its text.
#[derive(Clone)]
pub(super) struct Listed {
    pub(super) written: String,
    pub(super) origins: Origins,
}

impl Listed {
    pub(super) fn read(written: &str) -> Result<Self, String> {
        Ok(Self { written: written.to_owned(), origins: written.parse()? })
    }
}

/// What stands for the `*` where a label is needed.
const LABEL: &str = "label";

impl Origins {
    /// Whether this is one of them, compared to the letter.
    pub(super) fn contain(&self, origin: &str) -> bool {
        match self {
            Self::Page(exact) | Self::App(exact) => exact == origin,
            Self::Pattern(pattern) => pattern.matches(origin),
        }
    }

    /// Whether anybody on the way could serve a page of such an origin.
    pub(super) fn are_forgeable(&self) -> bool {
        let (Self::Page(one) | Self::Pattern(Pattern { example: one, .. }) | Self::App(one)) = self;
        Url::parse(one).ok().is_none_or(|url| is_forgeable(&url.origin()))
    }
}

impl FromStr for Origins {
    /// What is wrong, as the rest of a sentence that begins with the origin.
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        match written {
            "*" => return Err("stands for every page there is: name each origin".to_owned()),
            "null" => return Err("is what files and pages in a sandbox send, whosever they are".to_owned()),
            _ => {}
        }
        let Some((scheme, rest)) = written.split_once("://") else {
            return Err("has no scheme: write it as https://app.example.com".to_owned());
        };
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" if rest.contains('*') => Pattern::read(scheme, rest).map(Self::Pattern),
            "http" | "https" => page(written).map(|_| Self::Page(written.to_owned())),
            _ if scheme.contains('*') => Err(ONE_LABEL.to_owned()),
            "file" => Err("is no origin: pages of files send null, whosever they are".to_owned()),
            "ws" | "wss" | "ftp" | "data" | "blob" | "about" | "javascript" => {
                Err("is an origin that no page has: write that of the page".to_owned())
            }
            _ => app(scheme, rest).map(|()| Self::App(written.to_owned())),
        }
    }
}

/// An http or https origin to the letter as browsers send it.
pub(super) fn page(written: &str) -> Result<Origin, String> {
    let example = "is not an origin, such as https://app.example.com";
    let url = Url::parse(written).map_err(|_| example.to_owned())?;
    if url.path() != "/" || written.ends_with('/') || url.query().is_some() || url.fragment().is_some() {
        return Err("has a path: an origin ends with its host or port".to_owned());
    }
    let origin = url.origin();
    match origin.ascii_serialization() {
        exact if exact == written => Ok(origin),
        exact => Err(format!("is never sent by a browser: write {exact}")),
    }
}

const ONE_LABEL: &str = "has its * in another place than https://*.example.app, where it stands for one label";

impl Pattern {
    fn read(scheme: &str, rest: &str) -> Result<Self, String> {
        let end = rest.strip_prefix('*').filter(|end| end.len() > 1 && end.starts_with('.') && !end.contains('*'));
        let end = match end {
            Some(end) => end,
            None if rest == "*" => return Err(SUFFIX.to_owned()),
            None => return Err(ONE_LABEL.to_owned()),
        };
        let example = format!("{scheme}://{LABEL}{end}");
        let origin = page(&example).map_err(|why| why.replace(LABEL, "*"))?;
        let Origin::Tuple(_, Host::Domain(host), _) = &origin else {
            return Err("is not an origin with a domain name".to_owned());
        };
        let parent = host[LABEL.len() + 1..].to_owned();
        if parent.ends_with('.') {
            return Err("ends with a dot: write it without".to_owned());
        }
        if !is_of_one_owner(host, &parent) {
            return Err(SUFFIX.to_owned());
        }
        Ok(Self { start: format!("{scheme}://"), end: end.to_owned(), parent, example })
    }

    fn matches(&self, origin: &str) -> bool {
        let label = origin.strip_prefix(&self.start).and_then(|rest| rest.strip_suffix(&self.end));
        label.is_some_and(|label| is_label(label) && is_of_one_owner(&format!("{label}.{}", self.parent), &self.parent))
    }
}

const SUFFIX: &str = "lets in strangers: what follows the * is a public suffix, under which anybody may have a name";

/// One label of a host as browsers write it.
fn is_label(label: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=63).contains(&label.len()) && label.bytes().all(is_letter) && !label.starts_with('-') && !label.ends_with('-')
}

/// Whether both names belong to whoever registered `parent` or a domain above it (publicsuffix.org). All of localhost is this machine.
pub(super) fn is_of_one_owner(host: &str, parent: &str) -> bool {
    if parent == "localhost" || parent.ends_with(".localhost") {
        return true;
    }
    // The list is kept in letters, and browsers write ASCII.
    let (host, _) = idna::domain_to_unicode(host);
    let (parent, _) = idna::domain_to_unicode(parent);
    psl::domain_str(&host).is_some_and(|registered| parent.ends_with(registered))
}

/// The origin of an app, which is compared to the letter: its case is the platform's.
fn app(scheme: &str, host: &str) -> Result<(), String> {
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let is_uuid = Uuid::try_parse(host).is_ok_and(|id| id.to_string() == host.to_ascii_lowercase());
    match scheme {
        "chrome-extension" if host.len() != 32 || !host.bytes().all(|byte| (b'a'..=b'p').contains(&byte)) => {
            Err("is not the origin of an extension: its id has 32 letters from a to p".to_owned())
        }
        "moz-extension" | "safari-web-extension" if !is_uuid => {
            Err("is not the origin of an extension: its id is a UUID".to_owned())
        }
        _ if is_scheme && is_host => Ok(()),
        _ => Err("is not the exact origin of an app, such as tauri://localhost".to_owned()),
    }
}

/// Whether anybody on the way could serve a page of this origin.
pub(super) fn is_forgeable(origin: &Origin) -> bool {
    let Origin::Tuple(scheme, host, _) = origin else { return true };
    scheme != "https" && !is_loopback(host)
}

/// Whether a URL leads to this machine, by its name.
pub(super) fn is_here(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.host().is_some_and(|host| is_loopback(&host)))
}

/// Whether it is this machine. Browsers take `localhost` and all below it for that without asking anybody (RFC 6761 section 6.3).
pub(crate) fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref() == "localhost" || name.as_ref().ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_origin_is_written_as_browsers_send_it() {
        for taken in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "http://localhost:5173",
            "http://[::1]:3000",
            "https://xn--bcher-kva.example",
        ] {
            let origins: Origins = taken.parse().unwrap();
            assert!(matches!(origins, Origins::Page(_)) && origins.contain(taken), "{taken}");
        }
        for refused in [
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://app.example.com#x",
            "https://ada:pw@app.example.com",
            "https://App.example.com",
            "https://app.example.com:443",
            "https://bücher.example",
            "HTTPS://app.example.com",
            "ftp://app.example.com",
            "file:///app",
            "https://",
        ] {
            assert!(refused.parse::<Origins>().is_err(), "{refused}");
        }
    }

    #[test]
    fn no_pattern_matches_a_host_of_another_owner() {
        let matches = |pattern: &str, origin: &str| pattern.parse::<Origins>().unwrap().contain(origin);
        assert!(matches("https://*.example.app", "https://a.example.app"));
        assert!(matches("https://*.me.github.io", "https://a.me.github.io"));
        assert!(matches("https://*.xn--85x722f.xn--55qx5d.cn", "https://a.xn--85x722f.xn--55qx5d.cn"));
        // These are suffixes below a name that has an owner.
        assert!(matches("https://*.amazonaws.com", "https://mine.amazonaws.com"));
        assert!(!matches("https://*.amazonaws.com", "https://s3.amazonaws.com"));
        for suffix in ["app", "co.uk", "github.io", "xn--55qx5d.cn", "ck", "foo.ck", "nom.br", "internal", "lan"] {
            assert!(format!("https://*.{suffix}").parse::<Origins>().is_err(), "{suffix}");
        }
    }

    #[test]
    fn an_origin_is_forgeable_unless_it_is_https_or_this_machine() {
        let forgeable = |written: &str| is_forgeable(&Url::parse(written).unwrap().origin());
        for safe in
            ["https://a.example", "http://localhost:1", "http://a.localhost", "http://127.1.2.3", "http://[::1]"]
        {
            assert!(!forgeable(safe), "{safe}");
        }
        for unsafe_one in ["http://a.example", "http://192.168.0.1", "http://localhost.a.example"] {
            assert!(forgeable(unsafe_one), "{unsafe_one}");
        }
    }
}
