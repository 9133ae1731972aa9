//! Settings for browsers: cookies and origins.

use clap::Args;
use url::{Host, Origin, Url};

use super::check::{Check, given};

/// As they are given.
#[derive(Args, Clone)]
pub struct BrowserSettings {
    /// Whether clients may have the refresh token in a cookie (transport: COOKIE): on or off. Browsers keep it only where they
    /// reach the server by https, or on localhost.
    #[arg(long, global = true, env = "PORTCULLIS_COOKIES", default_value = "off", value_name = "on|off")]
    pub cookies: String,

    /// Origins whose pages may read answers of /graphql (CORS) and send our cookies along, beside that of PORTCULLIS_ISSUER:
    /// exact, comma separated, each with its scheme, host and port [default: none].
    #[arg(long, global = true, env = "PORTCULLIS_ALLOWED_ORIGINS", value_name = "ORIGINS")]
    pub allowed_origins: Option<String>,
}

/// Read and found sound.
#[derive(Clone, Debug)]
pub struct Browsers {
    /// Whether cookies are set and read.
    pub cookies: bool,
    /// Where the server itself is, as browsers write it (RFC 6454 section 6.2).
    own_origin: String,
    allowed_origins: Vec<String>,
}

impl Browsers {
    /// Whether pages of this origin may read our answers. Compared to the letter, as browsers do.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|allowed| allowed == origin)
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
        let written = given(self.allowed_origins.as_ref()).unwrap_or_default();
        let mut allowed_origins = Vec::new();
        for written in written.split(',').map(str::trim).filter(|written| !written.is_empty()) {
            match origin(written) {
                Ok(origin) if cookies && is_forgeable(&origin) => {
                    let why = format!("{written:?} is http: with cookies on it must be https, unless it is localhost");
                    check.fault("PORTCULLIS_ALLOWED_ORIGINS", why, ());
                }
                Ok(origin) => allowed_origins.push(origin.ascii_serialization()),
                Err(why) => check.fault("PORTCULLIS_ALLOWED_ORIGINS", format!("{written:?} {why}"), ()),
            }
        }
        let own_origin = own.map(|origin| origin.ascii_serialization()).unwrap_or_default();
        Browsers { cookies, own_origin, allowed_origins }
    }
}

/// An origin to the letter as browsers send it.
fn origin(written: &str) -> Result<Origin, String> {
    let example = "is not an origin, such as https://app.example.com: no wildcard, no path, not null";
    let url = Url::parse(written).map_err(|_| example.to_owned())?;
    let origin = url.origin();
    if !matches!(url.scheme(), "http" | "https")
        || url.path() != "/"
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(example.to_owned());
    }
    match origin.ascii_serialization() {
        // The letter that a wildcard is made of is one that a host may have.
        exact if exact.contains('*') => Err(example.to_owned()),
        exact if exact == written => Ok(origin),
        exact => Err(format!("is never sent by a browser: write {exact}")),
    }
}

/// Whether anybody on the way could serve a page of this origin.
fn is_forgeable(origin: &Origin) -> bool {
    let Origin::Tuple(scheme, host, _) = origin else { return true };
    scheme != "https"
        && !match host {
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_origins_are_taken() {
        for taken in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "http://localhost:5173",
            "http://[::1]:3000",
            "https://xn--bcher-kva.example",
        ] {
            assert_eq!(origin(taken).map(|origin| origin.ascii_serialization()), Ok(taken.to_owned()));
        }
        for refused in [
            "*",
            "null",
            "app.example.com",
            "https://*.example.com",
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
            "chrome-extension://abcdef",
            "https://",
        ] {
            assert!(origin(refused).is_err(), "{refused}");
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
