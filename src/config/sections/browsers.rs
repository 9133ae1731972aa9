//! Settings for browsers: cookies and origins.

use clap::Args;
use url::Url;

use crate::config::faults::Check;
use crate::config::form::{Given, list, switch};
use crate::config::origins::{Listed, Origins, is_forgeable};

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Browsers")]
pub(in crate::config) struct BrowserSettings {
    /// Whether clients may have the refresh token in a cookie (transport: COOKIE). Browsers keep it only where they reach the
    /// server by https, or on localhost.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_COOKIES",
        default_value = "off",
        value_name = "SWITCH",
        value_parser = switch()
    )]
    pub(in crate::config) cookies: Given<bool>,

    /// The origins whose pages may read answers of /graphql (CORS) and send our cookies along, beside that of
    /// PORTCULLIS_ISSUER: each with its scheme, host and port, such as https://app.example.com,http://localhost:5173. The
    /// pattern https://*.example.app stands for every origin with one label in the place of the *. What follows must be a
    /// domain of yours, and no public suffix such as github.io. Apps and extensions are named exactly, such as
    /// tauri://localhost. Patterns and apps have no cookies.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_ALLOWED_ORIGINS",
        value_name = "ORIGINS",
        value_parser = list(Listed::read)
    )]
    pub(in crate::config) allowed_origins: Option<Given<Vec<Listed>>>,

    /// With PORTCULLIS_COOKIES=on, whether pages of origins that a pattern stands for may use cookies too.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_COOKIES_FOR_PATTERNS",
        default_value = "off",
        value_name = "SWITCH",
        value_parser = switch()
    )]
    pub(in crate::config) cookies_for_patterns: Given<bool>,
}

/// Read and found sound.
#[derive(Clone, Debug)]
pub struct Browsers {
    /// Whether cookies are set and read.
    pub cookies: bool,
    /// Where the server itself is, as browsers write it (RFC 6454 section 6.2).
    own_origin: String,
    allowed_origins: Vec<Allowed>,
}

/// One entry of the list.
#[derive(Clone, Debug)]
struct Allowed {
    origins: Origins,
    cookies: bool,
}

impl Browsers {
    /// Whether pages of this origin may read our answers. Compared to the letter, as browsers do.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|allowed| allowed.origins.contain(origin))
    }

    /// Whether pages of this origin may send cookies of ours and be given some.
    #[must_use]
    pub fn allows_cookies(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|allowed| allowed.cookies && allowed.origins.contain(origin))
    }

    /// Whether it is the origin of `PORTCULLIS_ISSUER`.
    #[must_use]
    pub fn is_own(&self, origin: &str) -> bool {
        self.own_origin == origin
    }
}

impl BrowserSettings {
    pub(in crate::config) fn check(&self, issuer: &str, check: &mut Check) -> Browsers {
        let cookies = check.take(&self.cookies);
        let own = Url::parse(issuer).ok().map(|url| url.origin());
        if cookies && own.as_ref().is_some_and(is_forgeable) {
            let why = "browsers keep these cookies only of an https server or one on localhost, which PORTCULLIS_ISSUER is not";
            check.fault("PORTCULLIS_COOKIES", why, ());
        }
        let for_patterns = check.take(&self.cookies_for_patterns);
        if for_patterns && !cookies {
            let why = "it says more about PORTCULLIS_COOKIES=on, which is not set";
            check.fault("PORTCULLIS_COOKIES_FOR_PATTERNS", why, ());
        }
        let listed = check.optional(self.allowed_origins.as_ref()).unwrap_or_default();
        let allowed_origins: Vec<_> =
            listed.iter().map(|Listed { origins, .. }| Allowed::new(origins, cookies, for_patterns)).collect();
        for (Listed { written, .. }, allowed) in listed.iter().zip(&allowed_origins) {
            if allowed.cookies && allowed.origins.are_forgeable() {
                let why = "is http: with cookies on it must be https, unless it is localhost";
                check.fault("PORTCULLIS_ALLOWED_ORIGINS", format!("{written:?} {why}"), ());
            }
        }
        let own_origin = own.map(|origin| origin.ascii_serialization()).unwrap_or_default();
        Browsers { cookies, own_origin, allowed_origins }
    }
}

impl Allowed {
    fn new(origins: &Origins, cookies: bool, for_patterns: bool) -> Self {
        let cookies = cookies
            && match origins {
                Origins::Page(_) => true,
                Origins::Pattern(_) => for_patterns,
                Origins::App(_) => false,
            };
        Self { origins: origins.clone(), cookies }
    }
}
