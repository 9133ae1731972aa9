//! The certificates that are trusted.

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};

use super::certificate::Certificate;
use super::path;

/// What certificates may be traced to.
#[derive(Debug)]
pub(super) enum Roots {
    /// The operator's own, from a file.
    File(Vec<Certificate>),
    /// Public authorities, whose certificates are of today's form.
    System(RootCertStore),
}

impl Roots {
    pub(super) fn of_file(path: &str) -> Result<Self, String> {
        let mut certificates = Vec::new();
        for der in CertificateDer::pem_file_iter(path).map_err(|error| format!("{path}: {error}"))? {
            let der = der.map_err(|error| format!("{path}: {error}"))?;
            certificates.push(Certificate::read(&der).map_err(|error| format!("{path}: {error}"))?);
        }
        if certificates.is_empty() { Err(NOTHING.to_owned()) } else { Ok(Self::File(certificates)) }
    }

    pub(super) fn of_system() -> Result<Self, String> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() { Err(NOTHING.to_owned()) } else { Ok(Self::System(store)) }
    }

    /// That the chain holds.
    pub(super) fn verify(
        &self,
        leaf: &Certificate,
        intermediates: &[CertificateDer<'_>],
        algorithms: &WebPkiSupportedAlgorithms,
        now: UnixTime,
    ) -> Result<(), String> {
        let by_webpki = |store: &RootCertStore| {
            let parsed = ParsedCertificate::try_from(&leaf.der).map_err(|error| error.to_string())?;
            verify_server_cert_signed_by_trust_anchor(&parsed, store, intermediates, now, algorithms.all).map_err(
                |error| match error {
                    Error::InvalidCertificate(CertificateError::UnknownIssuer) => unsigned(leaf),
                    error => error.to_string(),
                },
            )
        };
        let certificates = match self {
            Self::System(store) => return by_webpki(store),
            Self::File(certificates) => certificates,
        };
        // One that is trusted itself, as libpq takes it: signed by nobody else.
        if leaf.is_self_issued() && certificates.iter().any(|trusted| trusted.der == leaf.der) {
            return leaf.check(now);
        }
        let sent: Vec<_> = intermediates.iter().filter_map(|der| Certificate::read(der).ok()).collect();
        if !leaf.is_v3() || leaf.is_of_authority() {
            return path::verify(leaf, &sent, certificates, algorithms, now);
        }
        // webpki looks at neither the dates nor the rights of what is trusted.
        let mut store = RootCertStore::empty();
        for trusted in certificates.iter().filter(|trusted| trusted.may_sign() && trusted.check_time(now).is_ok()) {
            store.add(trusted.der.clone()).map_err(|error| format!("that of {}: {error}", trusted.name()))?;
        }
        by_webpki(&store).map_err(|error| match certificates.iter().find_map(|trusted| trusted.check_time(now).err()) {
            Some(late) => format!("{error} (of those in sslrootcert, {late})"),
            None => error,
        })
    }

    /// Whether a certificate without the host among its alternative names may name it as its common name.
    pub(super) fn allow_common_names(&self, intermediates: &[CertificateDer<'_>]) -> bool {
        let Self::File(certificates) = self else { return false };
        // Limits on names are not compared with common names.
        let mut sent = intermediates.iter().map(Certificate::read);
        !certificates.iter().any(Certificate::constrains_names)
            && sent.all(|read| read.is_ok_and(|certificate| !certificate.constrains_names()))
    }
}

/// Also where what has signed it may not sign.
pub(super) fn unsigned(certificate: &Certificate) -> String {
    let (name, issuer) = (certificate.name(), &certificate.content().issuer);
    format!("no authority in sslrootcert has signed that of {name}: its issuer is {issuer}")
}

const NOTHING: &str = "no certificates to trust were found";
