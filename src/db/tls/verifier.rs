//! The verifier of the server's certificate that rustls calls.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::certificate::Certificate;
use super::roots::Roots;
use super::{names, signature};

/// Verifies what `sslmode` asks for. It is always verified that the server has the private key.
#[derive(Debug)]
pub(super) struct Verifier {
    /// The certificates that the chain must lead to. `None` if it is not verified.
    pub(super) roots: Option<Roots>,
    pub(super) check_name: bool,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let leaf = Certificate::read(end_entity).map_err(refused)?;
        signature::check_key(&leaf, &self.algorithms).map_err(refused)?;
        if let Some(roots) = &self.roots {
            roots.verify(&leaf, intermediates, &self.algorithms, now).map_err(refused)?;
            if self.check_name {
                names::check(&leaf, server_name, roots.allow_common_names(intermediates)).map_err(refused)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // webpki is used wherever it can read the certificate.
        if ParsedCertificate::try_from(certificate).is_ok() {
            return rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms);
        }
        signature::verify_tls12(message, &Certificate::read(certificate).map_err(refused)?, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if ParsedCertificate::try_from(certificate).is_ok() {
            return rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms);
        }
        signature::verify_tls13(message, &Certificate::read(certificate).map_err(refused)?, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The error if the server's certificate is refused.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database's certificate is refused: {}. docs/database-tls.md says how to make one", self.0)
    }
}

impl std::error::Error for Refused {}

fn refused(why: String) -> Error {
    Error::Other(OtherError(Arc::new(Refused(why))))
}
