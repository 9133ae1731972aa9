//! Settings for browsers: cookies and origins.

use clap::Args;
use url::Url;

use super::check::{Check, given};
use super::origins::{Origins, is_forgeable};

/// As they are given.
#[derive(Args, Clone)]
pub struct BrowserSettings {
    /// Whether clients may have the refresh token in a cookie (transport: COOKIE): on or off. Browsers keep it only where they
    /// reach the server by https, or on localhost.
    #[arg(long, global = true, env = "PORTCULLIS_COOKIES", default_value = "off", value_name = "on|off")]
    pub cookies: String,

    /// Origins whose pages may read answers of /graphql (CORS) and send our cookies along, beside that of PORTCULLIS_ISSUER:
    /// comma separated, each with its scheme, host and port. https://*.example.app stands for every origin with one label in
    /// the place of the *. Patterns, and origins of apps such as tauri://localhost, have no cookies [default: none].
    #[arg(long, global = true, env = "PORTCULLIS_ALLOWED_ORIGINS", value_name = "ORIGINS")]
    pub allowed_origins: Option<String>,

    /// With PORTCULLIS_COOKIES=on, whether pages of origins that a pattern stands for may use cookies too: on or off.
    #[arg(long, global = true, env = "PORTCULLIS_COOKIES_FOR_PATTERNS", default_value = "off", value_name = "on|off")]
    pub cookies_for_patterns: String,
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
    pub(super) fn check(&self, issuer: &str, check: &mut Check) -> Browsers {
        let cookies = check.switch("PORTCULLIS_COOKIES", Some(&self.cookies), false);
        let own = Url::parse(issuer).ok().map(|url| url.origin());
        if cookies && own.as_ref().is_some_and(is_forgeable) {
            let why = "browsers keep these cookies only of an https server or one on localhost, which PORTCULLIS_ISSUER is not";
            check.fault("PORTCULLIS_COOKIES", why, ());
        }
        let for_patterns = check.switch("PORTCULLIS_COOKIES_FOR_PATTERNS", Some(&self.cookies_for_patterns), false);
        if for_patterns && !cookies {
            check.fault(
                "PORTCULLIS_COOKIES_FOR_PATTERNS",
                "it says more about PORTCULLIS_COOKIES=on, which is not set",
                (),
            );
        }
        let written = given(self.allowed_origins.as_ref()).unwrap_or_default();
        let mut allowed_origins = Vec::new();
        for written in written.split(',').map(str::trim).filter(|written| !written.is_empty()) {
            match Allowed::read(written, cookies, for_patterns) {
                Ok(allowed) => allowed_origins.push(allowed),
                Err(why) => check.fault("PORTCULLIS_ALLOWED_ORIGINS", format!("{written:?} {why}"), ()),
            }
        }
        let own_origin = own.map(|origin| origin.ascii_serialization()).unwrap_or_default();
        Browsers { cookies, own_origin, allowed_origins }
    }
}

impl Allowed {
    fn read(written: &str, cookies: bool, for_patterns: bool) -> Result<Self, String> {
        let origins: Origins = written.parse()?;
        let cookies = cookies
            && match &origins {
                Origins::Page(_) => true,
                Origins::Pattern(_) => for_patterns,
                Origins::App(_) => false,
            };
        if cookies && origins.are_forgeable() {
            return Err("is http: with cookies on it must be https, unless it is localhost".to_owned());
        }
        Ok(Self { origins, cookies })
    }
}
