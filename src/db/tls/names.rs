//! Whether a certificate names the host.

use std::net::IpAddr;

use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;
use x509_cert::der::oid::db::rfc4519::CN;
use x509_cert::der::{Tag, Tagged};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::certificate::Certificate;

/// Verifies that the certificate names the host: among its alternative names, or as its common name, if it has no
/// alternative name of the host's kind and `common` permits that.
pub(super) fn check(certificate: &Certificate, host: &ServerName<'_>, common: bool) -> Result<(), String> {
    let parsed = ParsedCertificate::try_from(&certificate.der);
    if parsed.is_ok_and(|parsed| verify_server_name(&parsed, host).is_ok()) {
        return Ok(());
    }
    let listed = match certificate.content().get::<SubjectAltName>() {
        Ok(names) => names.map(|(_, names)| names.0).unwrap_or_default(),
        Err(error) => return Err(format!("its subjectAltName can't be read ({error})")),
    };
    let has_names_of_its_kind = listed.iter().any(|name| match host {
        ServerName::IpAddress(_) => matches!(name, GeneralName::IpAddress(_)),
        _ => matches!(name, GeneralName::DnsName(_)),
    });
    let name = common_name(certificate);
    if common && !has_names_of_its_kind && name.as_ref().is_some_and(|name| names(name, host)) {
        return Ok(());
    }
    let listed: Vec<_> = listed.iter().map(shown).collect();
    Err(format!(
        "it is not valid for name {}: its common name is {}, its alternative names are [{}]",
        host.to_str(),
        name.as_deref().unwrap_or("none"),
        listed.join(", ")
    ))
}

/// The only common name, if it is text. If there are several, none counts.
fn common_name(certificate: &Certificate) -> Option<String> {
    let attributes = certificate.content().subject.0.iter().flat_map(|part| part.0.iter());
    let mut found = attributes.filter(|attribute| attribute.oid == CN);
    let (value, further) = (&found.next()?.value, found.next());
    let is_text = matches!(value.tag(), Tag::Utf8String | Tag::PrintableString | Tag::Ia5String);
    (further.is_none() && is_text).then(|| String::from_utf8(value.value().to_vec()).ok()).flatten()
}

/// Whether a common name is the host, or `*.` and all of the host's name but its first label.
fn names(name: &str, host: &ServerName<'_>) -> bool {
    match host {
        ServerName::DnsName(host) => {
            let host = host.as_ref();
            let parent = host.split_once('.').map(|(_, parent)| parent).filter(|parent| parent.contains('.'));
            name.eq_ignore_ascii_case(host)
                || name.strip_prefix("*.").zip(parent).is_some_and(|(name, parent)| name.eq_ignore_ascii_case(parent))
        }
        ServerName::IpAddress(host) => name.parse::<IpAddr>().is_ok_and(|name| name == IpAddr::from(*host)),
        _ => false,
    }
}

fn shown(name: &GeneralName) -> String {
    match name {
        GeneralName::DnsName(name) => name.to_string(),
        GeneralName::IpAddress(address) => match address.as_bytes() {
            bytes if bytes.len() == 4 => {
                <[u8; 4]>::try_from(bytes).map(IpAddr::from).map_or_else(|_| "?".to_owned(), |ip| ip.to_string())
            }
            bytes => <[u8; 16]>::try_from(bytes).map(IpAddr::from).map_or_else(|_| "?".to_owned(), |ip| ip.to_string()),
        },
        _ => "of another kind".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_name_is_the_host_or_stands_for_one_label_of_it() {
        let is = |name, host: &'static str| names(name, &ServerName::try_from(host).unwrap());
        for (name, host) in [
            ("db.example.com", "DB.example.com"),
            ("*.example.com", "db.Example.com"),
            ("127.0.0.1", "127.0.0.1"),
            ("0:0::1", "::1"),
        ] {
            assert!(is(name, host), "{name} {host}");
        }
        for (name, host) in [
            ("example.com", "db.example.com"),
            ("*.example.com", "a.db.example.com"),
            ("*.example.com", "example.com"),
            ("*.com", "example.com"),
            ("*", "localhost"),
            ("*.*.com", "db.example.com"),
            ("d*.example.com", "db.example.com"),
            ("db.example.com\0.eve.example", "db.example.com"),
            ("*.0.0.1", "127.0.0.1"),
            ("127.0.0.1", "127.0.0.2"),
            ("", "localhost"),
        ] {
            assert!(!is(name, host), "{name} {host}");
        }
    }
}
