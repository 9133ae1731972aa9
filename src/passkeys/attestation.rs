//! Attestation objects (section 6.5.4). None is asked for, so nothing is learnt of who made the authenticator.

use coset::cbor::Value;

use super::Refusal;
use super::cbor::{entries, map, take};
use super::public_key::PublicKey;

const MALFORMED: Refusal = Refusal::Malformed("attestationObject");

/// Read, and not yet verified.
pub(super) struct AttestationObject {
    format: String,
    statement: Vec<(String, Value)>,
    pub(super) authenticator_data: Vec<u8>,
}

impl AttestationObject {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut object = map(bytes).map_err(|_| MALFORMED)?;
        let mut part = |key| take(&mut object, key).ok_or(MALFORMED);
        let (format, statement, data) = (part("fmt")?, part("attStmt")?, part("authData")?);
        Ok(Self {
            format: format.into_text().map_err(|_| MALFORMED)?,
            statement: entries(statement).map_err(|_| MALFORMED)?,
            authenticator_data: data.into_bytes().map_err(|_| MALFORMED)?,
        })
    }

    /// Accepts none (section 8.7), and the statement of the credential about itself (section 8.2), which clients may hand
    /// on where none was asked for (section 5.1.3).
    pub(super) fn verify(mut self, key: &PublicKey, client_data_hash: &[u8; 32]) -> Result<(), Refusal> {
        match self.format.as_str() {
            "none" if self.statement.is_empty() => Ok(()),
            "packed" => {
                let algorithm = take(&mut self.statement, "alg");
                let signature = take(&mut self.statement, "sig").and_then(|signature| signature.into_bytes().ok());
                if algorithm != Some(Value::from(key.algorithm().number())) || !self.statement.is_empty() {
                    return Err(Refusal::Attestation);
                }
                let signed = [&self.authenticator_data, client_data_hash.as_slice()].concat();
                key.verify(&signed, &signature.ok_or(MALFORMED)?).map_err(|_| Refusal::Attestation)
            }
            _ => Err(Refusal::Attestation),
        }
    }
}
