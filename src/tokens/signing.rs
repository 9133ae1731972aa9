//! A key that signs JWTs, with any of the algorithms.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::lifecycle::Reign;
use crate::config::SigningAlgorithm;
use crate::error::{Error, OrInternal};

/// A key that signs access tokens.
pub struct SigningKey {
    kid: String,
    pair: Pair,
    decoding: DecodingKey,
    jwk: Value,
    pub(super) reign: Reign,
}

/// The key pair. It is read once, because jsonwebtoken would read it again for each token.
enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl SigningKey {
    /// Reads a key in PKCS#8.
    pub(super) fn read(kid: String, algorithm: SigningAlgorithm, pkcs8: &[u8], reign: Reign) -> Result<Self, Error> {
        let pair = Pair::read(algorithm, pkcs8)?;
        let mut jwk = pair.public();
        jwk["alg"] = json!(algorithm.as_str());
        jwk["use"] = json!("sig");
        jwk["kid"] = json!(&kid);
        // The key that verifies is read from what is published.
        let published = serde_json::from_value(jwk.clone()).or_internal()?;
        let decoding = DecodingKey::from_jwk(&published).or_internal()?;
        Ok(Self { kid, pair, decoding, jwk, reign })
    }

    /// The key's name in a token's header.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm of the key (RFC 8725 section 3.1).
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Ed25519(_) => Algorithm::EdDSA,
            Pair::P256(_) => Algorithm::ES256,
            Pair::Rsa(_) => Algorithm::RS256,
        }
    }

    /// Signs a JWT. The header's `kid` is not checked.
    ///
    /// # Errors
    /// [`Error::Internal`] when the header's algorithm is not the key's, or the claims are not a JSON object.
    pub fn sign(&self, header: &Header, claims: &impl Serialize) -> Result<String, Error> {
        if header.alg != self.algorithm() {
            return Err(Error::internal(format!("a key for {:?} does not sign {:?}", self.algorithm(), header.alg)));
        }
        let claims = serde_json::to_vec(claims).or_internal()?;
        if claims.first() != Some(&b'{') {
            return Err(Error::internal("claims are a JSON object"));
        }
        let part = |part: Vec<u8>| URL_SAFE_NO_PAD.encode(part);
        let header = serde_json::to_vec(header).or_internal()?;
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(message.as_bytes())?;
        Ok(format!("{message}.{}", part(signature)))
    }

    /// The key that verifies its tokens.
    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }

    /// The public key (RFC 7517 section 4).
    pub(super) fn jwk(&self) -> &Value {
        &self.jwk
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {:?})", self.kid, self.algorithm())
    }
}

impl Pair {
    fn read(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, Error> {
        match algorithm {
            SigningAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).map(Self::Ed25519),
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Self::P256)
            }
            SigningAlgorithm::Rs256 => RsaKeyPair::from_pkcs8(pkcs8).map(Self::Rsa),
        }
        .or_internal()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match self {
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::P256(pair) => Ok(pair.sign(&random, message).or_internal()?.as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).or_internal()?;
                Ok(signature)
            }
        }
    }

    /// The parameters of the public key: RFC 8037 section 2, RFC 7518 sections 6.2.1 and 6.3.1.
    fn public(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ed25519(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref()) }),
            Self::P256(pair) => {
                // The uncompressed point: 4, then 32 bytes of x and of y.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) })
            }
            Self::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "n": text(&public.n), "e": text(&public.e) })
            }
        }
    }
}

/// A new key in PKCS#8. For RSA it takes up to seconds of a processor.
pub(super) fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, Error> {
    let fault = |_| Error::internal(format!("making a key for {} failed", algorithm.as_str()));
    let bytes = match algorithm {
        SigningAlgorithm::EdDsa => {
            let der: Pkcs8V1Der<'_> = Ed25519KeyPair::generate().map_err(fault)?.as_der().map_err(fault)?;
            der.as_ref().to_vec()
        }
        SigningAlgorithm::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(fault)?;
            pair.to_pkcs8v1().map_err(fault)?.as_ref().to_vec()
        }
        SigningAlgorithm::Rs256 => {
            let der: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048).map_err(fault)?.as_der().map_err(fault)?;
            der.as_ref().to_vec()
        }
    };
    Ok(Zeroizing::new(bytes))
}
