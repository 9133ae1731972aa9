//! For whom passkeys are made (WebAuthn Level 3): the RP ID, and the origins that may use them.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Host;

use super::origins::{is_forgeable, is_of_one_owner, page};

/// How many registrable labels the related origins may have together. Browsers must look at five (section 5.11), and most
/// look at no more.
const MAX_LABELS: usize = 5;

const APP: &str = "android:apk-key-hash:";

/// Whose passkeys they are, and who may use them.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    /// The RP ID: a host or a domain above it.
    pub id: String,
    /// Origins to the letter as clients write them.
    origins: Vec<String>,
    /// Those of them that are pages of other domains.
    related: Vec<String>,
}

/// An origin that may use passkeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PasskeyOrigin {
    /// Of pages.
    Page { written: String, host: String },
    /// Of an Android app.
    App(String),
}

impl RelyingParty {
    /// Takes origins that [`fault`](Self::fault) finds nothing wrong with.
    pub(super) fn new(id: String, origins: Vec<PasskeyOrigin>) -> Self {
        let related = origins.iter().filter_map(|origin| origin.related_to(&id)).map(|(written, _)| written.to_owned());
        Self { related: related.collect(), origins: origins.into_iter().map(PasskeyOrigin::into_written).collect(), id }
    }

    /// Whether this origin may use passkeys. Compared to the letter.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| allowed == origin)
    }

    /// Origins outside the RP ID, which browsers look up at `/.well-known/webauthn` (section 5.11).
    #[must_use]
    pub fn related_origins(&self) -> &[String] {
        &self.related
    }

    /// What is wrong with these origins for this RP ID.
    pub(super) fn fault(id: &str, origins: &[PasskeyOrigin]) -> Option<String> {
        let pages = origins.iter().filter(|origin| matches!(origin, PasskeyOrigin::Page { .. })).count();
        let related: Vec<_> = origins.iter().filter_map(|origin| origin.related_to(id)).collect();
        if pages > 0 && related.len() == pages {
            return Some(format!("none of the pages has the RP ID {id:?} as its host, or as a domain above it"));
        }
        let mut labels = BTreeSet::new();
        for (written, host) in related {
            if !written.starts_with("https://") {
                return Some(format!("{written:?} has a host outside the RP ID {id:?}, and is not https"));
            }
            match registrable_label(host) {
                Some(label) => labels.insert(label),
                None => {
                    return Some(format!("{written:?} has a host outside the RP ID {id:?}, and no domain of its own"));
                }
            };
        }
        let why = "have more than five names of their own, and browsers look at five (WebAuthn section 5.11)";
        (labels.len() > MAX_LABELS).then(|| format!("the pages outside the RP ID {id:?} {why}"))
    }
}

impl PasskeyOrigin {
    /// Reads an origin. What is wrong with it is the rest of a sentence that begins with it.
    pub(super) fn read(written: &str) -> Result<Self, String> {
        if let Some(hash) = written.strip_prefix(APP) {
            let is_hash = URL_SAFE_NO_PAD.decode(hash).is_ok_and(|hash| hash.len() == 32);
            let why = "is not the origin of an app: the hash of its certificate is SHA-256 in base64url, of 43 letters";
            return if is_hash { Ok(Self::App(written.to_owned())) } else { Err(why.to_owned()) };
        }
        if written.contains('*') {
            return Err("stands for several origins: name each".to_owned());
        }
        let origin = page(written)?;
        if is_forgeable(&origin) {
            return Err("is not https: browsers have passkeys for no other pages, except on localhost".to_owned());
        }
        match origin {
            url::Origin::Tuple(_, Host::Domain(host), _) if !host.ends_with('.') => {
                Ok(Self::Page { written: written.to_owned(), host })
            }
            _ => Err("has no domain name: browsers have no passkeys there".to_owned()),
        }
    }

    /// The host of a page, which can be its RP ID.
    pub(super) fn host(&self) -> Option<&str> {
        match self {
            Self::Page { host, .. } => Some(host),
            Self::App(_) => None,
        }
    }

    /// The origin and the host of a page that is not below the RP ID.
    fn related_to(&self, id: &str) -> Option<(&str, &str)> {
        match self {
            Self::Page { written, host } if !is_below(id, host) => Some((written, host)),
            _ => None,
        }
    }

    fn into_written(self) -> String {
        match self {
            Self::Page { written, .. } | Self::App(written) => written,
        }
    }
}

const NO_DOMAIN: &str = "it is not a domain, such as example.com";

/// Reads an RP ID: a domain as browsers write it.
pub(super) fn rp_id(written: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    match Host::parse(written) {
        Ok(Host::Domain(name)) if !name.split('.').all(is_label) => Err(NO_DOMAIN.to_owned()),
        Ok(Host::Domain(name)) if name == written => Ok(name),
        Ok(Host::Domain(name)) => Err(format!("browsers write it as {name}")),
        _ => Err(NO_DOMAIN.to_owned()),
    }
}

/// Whether the RP ID is the host, or a registrable suffix of it (HTML, "is a registrable domain suffix of or is equal to").
fn is_below(id: &str, host: &str) -> bool {
    let is_suffix = || host.strip_suffix(id).is_some_and(|rest| rest.ends_with('.'));
    // Browsers take localhost for a public suffix.
    host == id || id != "localhost" && is_suffix() && is_of_one_owner(host, id)
}

/// `example` of `www.example.co.uk` (section 5.11.1).
fn registrable_label(host: &str) -> Option<String> {
    let (host, _) = idna::domain_to_unicode(host);
    psl::domain_str(&host)?.split('.').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(id: &str, origins: &[&str]) -> Option<String> {
        let origins: Vec<_> = origins.iter().map(|written| PasskeyOrigin::read(written).unwrap()).collect();
        RelyingParty::fault(id, &origins)
    }

    #[test]
    fn an_rp_id_is_a_domain_as_browsers_write_it() {
        for taken in ["example.com", "auth.example.com", "localhost", "intranet", "xn--bcher-kva.example"] {
            assert_eq!(rp_id(taken).unwrap(), taken);
        }
        for refused in [
            "",
            "Example.com",
            "example.com.",
            "example.com:8443",
            "https://example.com",
            "127.0.0.1",
            "[::1]",
            "::1",
            "0x7f.1",
            "bücher.example",
            "a b",
            "*.example.com",
            "example.com/",
            "ada@example.com",
            ".",
            "..",
        ] {
            assert!(rp_id(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn an_origin_is_https_or_of_this_machine_or_an_app() {
        let hash = URL_SAFE_NO_PAD.encode([7; 32]);
        for taken in
            ["https://example.com", "https://a.example.com:8443", "http://localhost:5173", &format!("{APP}{hash}")]
        {
            assert!(PasskeyOrigin::read(taken).is_ok(), "{taken}");
        }
        for refused in [
            "http://example.com",
            "https://example.com/",
            "https://Example.com",
            "https://example.com.",
            "https://*.example.com",
            "https://192.0.2.1",
            "http://127.0.0.1:8080",
            "https://[2001:db8::1]",
            "null",
            "example.com",
            "android:apk-key-hash:",
            "android:apk-key-hash:short",
            &format!("{APP}{hash}="),
            &format!("android:apk-key-hash-sha1:{hash}"),
            "tauri://localhost",
        ] {
            assert!(PasskeyOrigin::read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn pages_are_below_the_rp_id_or_related() {
        assert_eq!(fault("example.com", &["https://example.com", "https://a.b.example.com:8443"]), None);
        assert_eq!(fault("example.co.uk", &["https://login.example.co.uk"]), None);
        assert_eq!(fault("intranet", &["https://intranet"]), None);
        assert_eq!(fault("localhost", &["http://localhost:5173"]), None);
        assert_eq!(fault("github.io", &["https://github.io"]), None, "a host may be its own RP ID");
        assert_eq!(fault("example.com", &["https://example.com", "https://example.de"]), None);
        for (id, origin) in [
            ("example.com", "https://notexample.com"),
            ("a.example.com", "https://example.com"),
            ("b.example.com", "https://ab.example.com"),
            ("com", "https://example.com"),
            ("co.uk", "https://example.co.uk"),
            ("github.io", "https://mallory.github.io"),
            ("amazonaws.com", "https://s3.amazonaws.com"),
            ("localhost", "http://a.localhost"),
            ("intranet", "https://a.intranet"),
        ] {
            assert!(fault(id, &[origin]).unwrap().contains("none of the pages"), "{id} {origin}");
        }
        let outside = fault("localhost", &["http://localhost", "http://a.localhost"]).unwrap();
        assert!(outside.contains("is not https"), "{outside}");
        let nobodys = fault("example.com", &["https://example.com", "https://intranet"]).unwrap();
        assert!(nobodys.contains("no domain of its own"), "{nobodys}");
    }

    #[test]
    fn five_names_may_be_related() {
        let own = "https://example.com".to_owned();
        let names = |count: usize| (0..count).map(|name| format!("https://n{name}.de")).collect::<Vec<_>>();
        let with = |others: Vec<String>| {
            let all: Vec<_> = std::iter::once(own.clone()).chain(others).collect();
            fault("example.com", &all.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(with(names(5)), None);
        assert!(with(names(6)).is_some_and(|why| why.contains("browsers look at five")));
        let one = ["de", "fr", "co.uk", "it", "es", "pl", "nl"].map(|end| format!("https://www.example.{end}"));
        assert_eq!(with(one.to_vec()), None, "one name under many suffixes counts once");
    }

    #[test]
    fn related_origins_are_the_pages_of_other_domains() {
        let app = format!("{APP}{}", URL_SAFE_NO_PAD.encode([7; 32]));
        let origins =
            ["https://a.example.com", "https://example.de", &app].map(|one| PasskeyOrigin::read(one).unwrap());
        let party = RelyingParty::new("example.com".to_owned(), origins.to_vec());
        assert_eq!(party.related_origins(), ["https://example.de"]);
        assert!(party.allows("https://a.example.com") && party.allows("https://example.de") && party.allows(&app));
        for other in ["https://example.com", "https://a.example.com:443", "https://A.example.com", "", "null"] {
            assert!(!party.allows(other), "{other}");
        }
    }
}
