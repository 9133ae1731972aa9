//! Access tokens: JWTs that are valid for minutes (RFC 9068).

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
use crate::sessions::{Method, Session};

/// The header's `typ`. It keeps other JWTs that our keys may sign from being accepted as access tokens.
const TYPE: &str = "at+jwt";

/// Longest token that is read, in bytes. Ours have some 600, and an account's roles add to that.
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
    auth_time: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<&'a str>,
    roles: &'a [String],
    /// OpenID Connect Core 1.0 section 5.1.
    email_verified: bool,
    #[serde(skip_serializing_if = "is_zero")]
    generation: i64,
}

/// The values of these methods (RFC 8176), each once, and `mfa` if they show more than one factor.
fn amr(methods: &[Method]) -> Vec<&'static str> {
    let mut values = Vec::new();
    let mfa = Method::show_more_than_one_factor(methods).then_some("mfa");
    for value in methods.iter().flat_map(|method| method.amr()).copied().chain(mfa) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

#[derive(Deserialize)]
struct KnownClaims {
    sub: Uuid,
    sid: Uuid,
    exp: i64,
    auth_time: Option<i64>,
    /// We issue no `nbf`, but it counts in a token that has one.
    nbf: Option<i64>,
}

impl AccessTokens {
    /// Tokens with these claims `iss` and `aud` that live for `ttl`.
    #[must_use]
    pub fn new(issuer: String, audience: String, ttl: Duration) -> Self {
        // An application may have the library built with another provider as well, and the library then panics unless it is told
        // which to use. One that the application has chosen stays.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        Self { issuer, audience, ttl, verified: VerifiedTokens::new() }
    }

    /// A token for `session` and the time when it expires, which is never later than the session's end.
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
            auth_time: session.authenticated_at.timestamp(),
            amr: amr(&session.methods),
            roles: &account.roles,
            email_verified: account.email_verified_at.is_some(),
            generation: session.generation,
        };
        let expires_at = Timestamp::from_timestamp(expires, 0).ok_or_else(|| Error::internal("expiry out of range"))?;
        Ok((PlainToken::new(key.sign(&header, &claims)?), expires_at))
    }

    /// The claims of `token`, if it is genuine and valid at `now`.
    ///
    /// # Errors
    /// [`Rejected`], which has the claims of a token that is genuine and expired.
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

    /// Verifies everything but the token's times.
    fn read(&self, keys: &KeySet, token: &str, now: Timestamp) -> Result<VerifiedToken, Rejected> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Rejected::Invalid)?;
        // RFC 8725 section 3.11. RFC 7515 section 4.1.11: we know no extensions.
        if header.crit.is_some() || !is_access_token(header.typ.as_deref()) {
            return Err(Rejected::Invalid);
        }
        let key = header.kid.as_deref().and_then(|kid| keys.verifying(kid, now)).ok_or(Rejected::Invalid)?;
        let claims = self.decode(token, key)?;
        Ok(VerifiedToken {
            claims: Claims {
                account: AccountId(claims.sub),
                session: SessionId(claims.sid),
                auth_time: claims.auth_time,
            },
            expires: claims.exp,
            not_before: claims.nbf,
            reign: key.reign,
            generation: keys.generation(),
        })
    }

    /// Verifies the signature, the issuer and the audience. The time is verified elsewhere, because the library would
    /// read the system's clock and allow a leeway.
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

/// Most sessions are of their account's first generation, which their tokens leave out.
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
