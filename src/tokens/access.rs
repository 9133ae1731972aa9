//! Access tokens: JWTs of minutes (RFC 9068).

use std::time::Duration;

use jsonwebtoken::{Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PlainToken;
use super::claims::{Claims, Rejected};
use super::key_set::KeySet;
use super::signing::SigningKey;
use super::verified::{VerifiedToken, VerifiedTokens, digest};
use crate::accounts::Account;
use crate::clock::{Timestamp, new_id};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::sessions::Session;

/// The header's `typ`: no other JWT that our keys may ever sign passes for an access token.
const TYPE: &str = "at+jwt";

/// Longest token that is looked at, in bytes. Ours have some 600, and as much more as an account's roles take.
const MAX_BYTES: usize = 8192;

/// Mints and verifies access tokens of one issuer for one audience.
#[derive(Debug)]
pub struct AccessTokens {
    issuer: String,
    audience: String,
    ttl: Duration,
    verified: VerifiedTokens,
}

#[derive(Serialize)]
struct NewClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: Uuid,
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    exp: i64,
    roles: &'a [String],
    #[serde(skip_serializing_if = "is_zero")]
    generation: i64,
}

#[derive(Deserialize)]
struct KnownClaims {
    sub: Uuid,
    sid: Uuid,
    exp: i64,
    /// We issue none, but a token that has one means it.
    nbf: Option<i64>,
}

impl AccessTokens {
    /// Tokens with these claims `iss` and `aud` that live for `ttl`.
    #[must_use]
    pub fn new(issuer: String, audience: String, ttl: Duration) -> Self {
        Self { issuer, audience, ttl, verified: VerifiedTokens::new() }
    }

    /// A token for `session`, and when it expires: never later than the session.
    ///
    /// # Errors
    /// [`Error::Internal`] when signing fails.
    pub fn mint(
        &self,
        keys: &KeySet,
        account: &Account,
        session: &Session,
        now: Timestamp,
    ) -> Result<(PlainToken, Timestamp), Error> {
        let key = keys.signing(now);
        let header = Header { typ: Some(TYPE.into()), kid: Some(key.kid().into()), ..Header::new(key.algorithm()) };
        let expires = (now + self.ttl).min(session.expires_at).timestamp();
        let claims = NewClaims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: account.id.0,
            sid: session.id.0,
            jti: new_id(now),
            iat: now.timestamp(),
            exp: expires,
            roles: &account.roles,
            generation: session.generation,
        };
        let expires_at = Timestamp::from_timestamp(expires, 0).ok_or_else(|| Error::internal("expiry out of range"))?;
        Ok((PlainToken::new(key.sign(&header, &claims)?), expires_at))
    }

    /// What `token` says, if it is genuine and in time at `now`.
    ///
    /// # Errors
    /// [`Rejected`], with the claims of a token whose only fault is its age.
    pub fn verify(&self, keys: &KeySet, token: &str, now: Timestamp) -> Result<Claims, Rejected> {
        if token.len() > MAX_BYTES {
            return Err(Rejected::Invalid);
        }
        let digest = digest(token);
        if let Some(verified) = self.verified.get(&digest, keys.generation()) {
            return verified.at(now);
        }
        let verified = self.read(keys, token, now)?;
        let claims = verified.at(now)?;
        self.verified.insert(digest, verified);
        Ok(claims)
    }

    /// Everything but the token's own times.
    fn read(&self, keys: &KeySet, token: &str, now: Timestamp) -> Result<VerifiedToken, Rejected> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Rejected::Invalid)?;
        // RFC 8725 section 3.11. RFC 7515 section 4.1.11: no extension is known here.
        if header.crit.is_some() || !is_access_token(header.typ.as_deref()) {
            return Err(Rejected::Invalid);
        }
        let key = header.kid.as_deref().and_then(|kid| keys.verifying(kid, now)).ok_or(Rejected::Invalid)?;
        let claims = self.decode(token, key)?;
        Ok(VerifiedToken {
            claims: Claims { account: AccountId(claims.sub), session: SessionId(claims.sid) },
            expires: claims.exp,
            not_before: claims.nbf,
            reign: key.reign,
            generation: keys.generation(),
        })
    }

    /// Signature, issuer and audience. Not the time: the library would read the system's, with a leeway.
    fn decode(&self, token: &str, key: &SigningKey) -> Result<KnownClaims, Rejected> {
        let mut validation = Validation::new(key.algorithm());
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        jsonwebtoken::decode::<KnownClaims>(token, key.decoding(), &validation)
            .map(|token| token.claims)
            .map_err(|_| Rejected::Invalid)
    }
}

/// Most sessions are of an account's first generation: their tokens do not say so.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(generation: &i64) -> bool {
    *generation == 0
}

/// `application/` may stand before the type (RFC 9068 section 4).
fn is_access_token(typ: Option<&str>) -> bool {
    typ.is_some_and(|typ| {
        let name = typ
            .split_at_checked(12)
            .filter(|(head, _)| head.eq_ignore_ascii_case("application/"))
            .map_or(typ, |(_, name)| name);
        name.eq_ignore_ascii_case(TYPE)
    })
}
