//! The keys that sign access tokens and derive refresh tokens.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::Serialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::seal::Seal;
use super::store::{self, KeyRow};
use crate::clock::{Timestamp, new_id};
use crate::config::Secret;
use crate::db::Connection;
use crate::error::Error;

const ACCESS_TOKEN: &str = "access_token";
const REFRESH_TOKEN: &str = "refresh_token";

/// Key that signs access tokens.
struct SigningKey {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    jwk: serde_json::Value,
}

/// The keys of a deployment, the same on all its instances.
pub struct KeySet {
    signing: SigningKey,
    refresh_root: hmac::Key,
    jwks: String,
}

impl KeySet {
    /// Takes the keys from the database, and makes them if it is the first time.
    ///
    /// # Errors
    /// [`Error::Internal`] with a sentence for the operator when `secret` is not the one that sealed them;
    /// [`Error::Unavailable`] when the database is away.
    pub async fn load_or_create(connection: &mut Connection, secret: &Secret, now: Timestamp) -> Result<Self, Error> {
        let seal = Seal::new(secret)?;
        let rows = store::load_or_insert(connection, || {
            Ok(vec![
                make(&seal, ACCESS_TOKEN, "EdDSA", &generate_ed25519()?, now)?,
                make(&seal, REFRESH_TOKEN, "HS256", &generate_hmac()?, now)?,
            ])
        })
        .await?;
        let open = |row: &KeyRow| {
            seal.open(row.id, &row.sealed).map_err(|_| {
                Error::Internal(
                    "PORTCULLIS_SECRET does not open the keys in this database: another secret sealed them. \
                     Set the secret with which this deployment was first started."
                        .into(),
                )
            })
        };
        let newest = |purpose: &str| rows.iter().rfind(|row| row.purpose == purpose);
        let (Some(access), Some(refresh)) = (newest(ACCESS_TOKEN), newest(REFRESH_TOKEN)) else {
            return Err(Error::Internal("the table keys holds only a part of the keys".into()));
        };
        let signing = SigningKey::from_pkcs8(access.id, &open(access)?)?;
        let jwks = serde_json::json!({ "keys": [&signing.jwk] }).to_string();
        let refresh_root = hmac::Key::new(hmac::HMAC_SHA256, &open(refresh)?);
        Ok(Self { signing, refresh_root, jwks })
    }

    /// The public keys, as a JWK set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// The `kid` and algorithm of the key that signs now.
    #[must_use]
    pub fn signing(&self) -> (&str, Algorithm) {
        (&self.signing.kid, Algorithm::EdDSA)
    }

    /// Signs a JWT with the key that signs now, whatever the header says of a `kid`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the header's algorithm is not the key's or the claims are no JSON object.
    pub fn sign(&self, header: &Header, claims: &impl Serialize) -> Result<String, Error> {
        jsonwebtoken::encode(header, claims, &self.signing.encoding).map_err(Error::internal)
    }

    /// The key that verifies tokens of this `kid`.
    pub(super) fn verifying(&self, kid: &str) -> Option<(&DecodingKey, Algorithm)> {
        (kid == self.signing.kid).then_some((&self.signing.decoding, Algorithm::EdDSA))
    }

    /// The key of one session's refresh tokens.
    pub(super) fn session_key(&self, session: Uuid) -> hmac::Key {
        let derived = hmac::sign(&self.refresh_root, session.as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({})", self.signing.kid)
    }
}

impl SigningKey {
    fn from_pkcs8(id: Uuid, pkcs8: &[u8]) -> Result<Self, Error> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(Error::internal)?;
        let kid = id.to_string();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        Ok(Self {
            // RFC 8037 section 2.
            jwk: serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x }),
            encoding: EncodingKey::from_ed_der(pkcs8),
            decoding: DecodingKey::from_ed_components(&x).map_err(Error::internal)?,
            kid,
        })
    }
}

fn generate_ed25519() -> Result<Zeroizing<Vec<u8>>, Error> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    let pair = Ed25519KeyPair::generate().map_err(Error::internal)?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(Error::internal)?;
    Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
}

fn generate_hmac() -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut key = Zeroizing::new(vec![0; 32]);
    aws_lc_rs::rand::fill(&mut key).map_err(Error::internal)?;
    Ok(key)
}

fn make(seal: &Seal, purpose: &str, algorithm: &str, key: &[u8], now: Timestamp) -> Result<KeyRow, Error> {
    let id = new_id(now);
    Ok(KeyRow {
        id,
        purpose: purpose.to_owned(),
        algorithm: algorithm.to_owned(),
        sealed: seal.seal(id, key)?,
        created_at: now,
    })
}
