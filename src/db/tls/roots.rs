//! The certificates that are trusted.

use rustls::RootCertStore;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

use super::certificate::Certificate;
use super::path::{self, unsigned};

/// The certificates that a chain may lead to.
#[derive(Debug)]
pub(super) enum Roots {
    /// The operator's own certificates, from a file.
    File(Vec<Certificate>),
    /// Public authorities, whose certificates have a modern form.
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

    /// Verifies that the chain is valid.
    pub(super) fn verify(
        &self,
        leaf: &Certificate,
        intermediates: &[CertificateDer<'_>],
        algorithms: &WebPkiSupportedAlgorithms,
        now: UnixTime,
    ) -> Result<(), String> {
        let sent: Vec<_> = intermediates.iter().filter_map(|der| Certificate::read(der).ok()).collect();
        // webpki does not check their keyUsage.
        let signers: Vec<_> = sent.iter().filter(|sent| sent.may_sign()).map(|sent| sent.der.clone()).collect();
        let certificates = match self {
            Self::System(store) => return anchored(leaf, &store.roots, &signers, algorithms, now, &|_| Ok(())),
            Self::File(certificates) => certificates,
        };
        // The certificate is trusted itself, as libpq accepts it: no other one has signed it.
        if leaf.is_self_issued() && certificates.iter().any(|trusted| trusted.der == leaf.der) {
            return leaf.check(now);
        }
        if !leaf.is_v3() || leaf.is_of_authority() {
            return path::verify(leaf, &sent, certificates, algorithms, now);
        }
        // webpki checks nothing in a trusted certificate but the key and the limits on names.
        let mut trusted = Vec::new();
        for certificate in certificates.iter().filter(|trusted| trusted.may_sign() && trusted.check(now).is_ok()) {
            let anchor = anchor_from_trusted_cert(&certificate.der)
                .map_err(|error| format!("that of {}: {error}", certificate.name()))?;
            trusted.push((anchor, certificate.path_length()));
        }
        let anchors: Vec<_> = trusted.iter().map(|(anchor, _)| anchor.clone()).collect();
        let is_short = |path: &VerifiedPath<'_>| {
            let between =
                path.intermediate_certificates().filter(|between| between.issuer() != between.subject()).count();
            let mut roots = trusted.iter().filter(|(anchor, _)| anchor == path.anchor());
            let allowed = roots.any(|(_, most)| most.is_none_or(|most| between <= most));
            if allowed { Ok(()) } else { Err(webpki::Error::PathLenConstraintViolated) }
        };
        anchored(leaf, &anchors, &signers, algorithms, now, &is_short).map_err(|error| {
            match certificates.iter().find_map(|trusted| trusted.check(now).err()) {
                Some(unfit) => format!("{error} (of those in sslrootcert, {unfit})"),
                None => error,
            }
        })
    }

    /// Whether a certificate without the host among its alternative names may name it as its common name.
    pub(super) fn allow_common_names(&self, intermediates: &[CertificateDer<'_>]) -> bool {
        let Self::File(certificates) = self else { return false };
        // webpki does not compare limits on names with common names.
        let mut sent = intermediates.iter().map(Certificate::read);
        !certificates.iter().any(Certificate::constrains_names)
            && sent.all(|read| read.is_ok_and(|certificate| !certificate.constrains_names()))
    }
}

/// Verifies that webpki finds a path to a trusted certificate that `is_allowed` accepts.
fn anchored(
    leaf: &Certificate,
    anchors: &[TrustAnchor<'_>],
    intermediates: &[CertificateDer<'_>],
    algorithms: &WebPkiSupportedAlgorithms,
    now: UnixTime,
    is_allowed: &dyn Fn(&VerifiedPath<'_>) -> Result<(), webpki::Error>,
) -> Result<(), String> {
    let parsed = EndEntityCert::try_from(&leaf.der).map_err(|error| error.to_string())?;
    let usage = KeyUsage::server_auth();
    let found = parsed.verify_for_usage(algorithms.all, anchors, intermediates, now, usage, None, Some(is_allowed));
    found.map(drop).map_err(|error| match error {
        webpki::Error::UnknownIssuer => unsigned(leaf),
        error => format!("invalid peer certificate: {error}"),
    })
}

const NOTHING: &str = "no certificates to trust were found";
