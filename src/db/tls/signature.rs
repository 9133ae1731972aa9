//! Verifies signatures with a public key that was read here.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};
use x509_cert::der::Encode;
use x509_cert::der::oid::db::rfc5912::RSA_ENCRYPTION;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::certificate::{Certificate, algorithm_id};

/// Bytes of an RSA key with 2048 bits, the fewest that are accepted, are more than these.
const SMALL_RSA: usize = 256;

/// Whether the key of `issuer` signed `certificate`.
pub(super) fn signed_by(
    certificate: &Certificate,
    issuer: &Certificate,
    algorithms: &WebPkiSupportedAlgorithms,
) -> bool {
    let Some((message, algorithm, signature)) = certificate.signature() else { return false };
    let Some(id) = algorithm_id(algorithm) else { return false };
    let known = algorithms.all.iter().copied().filter(|known| known.signature_alg_id().as_ref() == id.as_slice());
    verify(&issuer.content().subject_public_key_info, known, message, signature)
}

/// Whether one of these algorithms fits this key and verifies the signature.
fn verify(
    key: &SubjectPublicKeyInfoOwned,
    mut algorithms: impl Iterator<Item = &'static dyn SignatureVerificationAlgorithm>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let (Some(kind), Some(bytes)) = (algorithm_id(&key.algorithm), key.subject_public_key.as_bytes()) else {
        return false;
    };
    algorithms.any(|algorithm| {
        algorithm.public_key_alg_id().as_ref() == kind.as_slice()
            && algorithm.verify_signature(bytes, message, signature).is_ok()
    })
}

/// Verifies that the server has the private key, in TLS 1.2.
pub(super) fn verify_tls12(
    message: &[u8],
    certificate: &Certificate,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let offered = algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
    let (_, possible) = offered.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let key = &certificate.content().subject_public_key_info;
    if verify(key, possible.iter().copied(), message, signed.signature()) {
        return Ok(HandshakeSignatureValid::assertion());
    }
    Err(CertificateError::BadSignature.into())
}

/// The same in TLS 1.3.
pub(super) fn verify_tls13(
    message: &[u8],
    certificate: &Certificate,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let key = certificate.content().subject_public_key_info.to_der();
    let key = SubjectPublicKeyInfoDer::from(key.map_err(|_| CertificateError::BadEncoding)?);
    verify_tls13_signature_with_raw_key(message, &key, signed, algorithms)
}

/// Verifies that the key is of a kind whose signatures can be verified.
pub(super) fn check_key(certificate: &Certificate, algorithms: &WebPkiSupportedAlgorithms) -> Result<(), String> {
    let key = &certificate.content().subject_public_key_info;
    let kind = algorithm_id(&key.algorithm).unwrap_or_default();
    if !algorithms.all.iter().any(|known| known.public_key_alg_id().as_ref() == kind.as_slice()) {
        return Err(format!(
            "its key is of a kind that can't be verified ({}): make one of RSA with 2048 bits or more, ECDSA on P-256, P-384 or P-521, or Ed25519",
            key.algorithm.oid
        ));
    }
    if key.algorithm.oid == RSA_ENCRYPTION && key.subject_public_key.raw_bytes().len() <= SMALL_RSA {
        return Err("its RSA key has fewer than 2048 bits: make one with more".to_owned());
    }
    Ok(())
}
