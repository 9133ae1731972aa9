//! The parts of a certificate that are read here, for certificates that webpki refuses to read, and to say what is
//! wrong.

use rustls::pki_types::{CertificateDer, UnixTime};
use x509_cert::Version;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::oid::db::rfc5280::ID_KP_SERVER_AUTH;
use x509_cert::der::{Decode, Encode, Header, Reader, SliceReader};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::spki::{AlgorithmIdentifierOwned, ObjectIdentifier};
use x509_cert::{TbsCertificate, ext::Extension};

/// The critical extensions that are processed. Others make a certificate invalid (RFC 5280 section 4.2).
const UNDERSTOOD: [ObjectIdentifier; 7] = [
    BasicConstraints::OID,
    KeyUsage::OID,
    ExtendedKeyUsage::OID,
    SubjectAltName::OID,
    NameConstraints::OID,
    SubjectKeyIdentifier::OID,
    AuthorityKeyIdentifier::OID,
];

/// A certificate, as bytes and as it was read.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) der: CertificateDer<'static>,
    parsed: x509_cert::Certificate,
    /// The content that is signed.
    signed: Vec<u8>,
}

impl Certificate {
    pub(super) fn read(der: &CertificateDer<'_>) -> Result<Self, String> {
        let unreadable = |error| format!("a certificate can't be read ({error})");
        let parsed = x509_cert::Certificate::from_der(der).map_err(unreadable)?;
        let signed = signed_part(der).map_err(unreadable)?.to_vec();
        Ok(Self { der: der.clone().into_owned(), parsed, signed })
    }

    pub(super) fn content(&self) -> &TbsCertificate {
        &self.parsed.tbs_certificate
    }

    /// The signed bytes, the algorithm, and the signature. `None` if the signed part and the certificate name
    /// different algorithms.
    pub(super) fn signature(&self) -> Option<(&[u8], &AlgorithmIdentifierOwned, &[u8])> {
        let algorithm = &self.parsed.signature_algorithm;
        (self.content().signature == *algorithm).then_some(())?;
        Some((&self.signed, algorithm, self.parsed.signature.as_bytes()?))
    }

    /// Whether it is of version 3, which has extensions.
    pub(super) fn is_v3(&self) -> bool {
        self.content().version == Version::V3
    }

    pub(super) fn is_self_issued(&self) -> bool {
        self.content().issuer == self.content().subject
    }

    /// Whether it says that it belongs to an authority.
    pub(super) fn is_of_authority(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.ca)
    }

    /// Whether it may sign others. Before version 3 a certificate can't say so, and only a trusted authority may.
    pub(super) fn may_sign(&self) -> bool {
        if !self.is_v3() {
            return self.is_self_issued();
        }
        let may = match self.content().get::<KeyUsage>() {
            Ok(usage) => usage.is_none_or(|(_, usage)| usage.key_cert_sign()),
            Err(_) => false,
        };
        may && self.is_of_authority()
    }

    /// How many authorities may stand between it and the server's certificate. `None` if there is no limit.
    pub(super) fn path_length(&self) -> Option<usize> {
        self.basic_constraints().and_then(|constraints| constraints.path_len_constraint).map(usize::from)
    }

    fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.content().get::<BasicConstraints>().ok().flatten().map(|(_, constraints)| constraints)
    }

    /// Whether it limits the names of what it signs.
    pub(super) fn constrains_names(&self) -> bool {
        self.extensions().iter().any(|extension| extension.extn_id == NameConstraints::OID)
    }

    fn extensions(&self) -> &[Extension] {
        self.content().extensions.as_deref().unwrap_or_default()
    }

    /// Verifies that nothing in it forbids its use in a chain to a server at this time.
    pub(super) fn check(&self, now: UnixTime) -> Result<(), String> {
        self.check_time(now)?;
        let name = self.name();
        let purposes = self.content().get::<ExtendedKeyUsage>().map_err(|error| format!("that of {name}: {error}"))?;
        if purposes.is_some_and(|(_, purposes)| !purposes.0.contains(&ID_KP_SERVER_AUTH)) {
            return Err(format!("that of {name} is not for servers: its extendedKeyUsage lacks serverAuth"));
        }
        match self.extensions().iter().find(|found| found.critical && !UNDERSTOOD.contains(&found.extn_id)) {
            Some(found) => Err(format!("that of {name} has a critical extension that is not known: {}", found.extn_id)),
            None => Ok(()),
        }
    }

    pub(super) fn check_time(&self, now: UnixTime) -> Result<(), String> {
        let (name, validity) = (self.name(), &self.content().validity);
        let now = now.as_secs();
        if now < validity.not_before.to_unix_duration().as_secs() {
            return Err(format!("that of {name} is not valid before {}", validity.not_before));
        }
        if now > validity.not_after.to_unix_duration().as_secs() {
            return Err(format!("that of {name} expired at {}", validity.not_after));
        }
        Ok(())
    }

    /// The name of its subject, for people.
    pub(super) fn name(&self) -> String {
        self.content().subject.to_string()
    }
}

/// An algorithm in the form that rustls compares: without the sequence around identifier and parameters.
pub(super) fn algorithm_id(algorithm: &AlgorithmIdentifierOwned) -> Option<Vec<u8>> {
    let mut bytes = algorithm.oid.to_der().ok()?;
    if let Some(parameters) = &algorithm.parameters {
        bytes.extend(parameters.to_der().ok()?);
    }
    Some(bytes)
}

/// The bytes as they were sent, and not encoded again, because they are what was signed.
fn signed_part(der: &[u8]) -> Result<&[u8], x509_cert::der::Error> {
    let mut reader = SliceReader::new(der)?;
    Header::decode(&mut reader)?;
    reader.tlv_bytes()
}
