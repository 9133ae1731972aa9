//! Whether an access token is genuine and in time: RFC 9068 section 4, RFC 8725.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, RwLock};

use crate::Rejected;

/// How long the published keys may be kept.
const MAX_AGE: Duration = Duration::from_secs(300);

/// At most one look in this time for a `kid` that nobody knows: anybody can make one up.
const COOLDOWN: Duration = Duration::from_secs(30);

/// Pause after a fetch that failed.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    pub sub: String,
    pub sid: String,
    pub iat: i64,
    pub exp: i64,
    #[serde(default)]
    pub roles: Vec<String>,
    /// Left out of most tokens: 0.
    #[serde(default)]
    pub generation: i64,
}

pub struct Verifier {
    http: reqwest::Client,
    jwks: String,
    issuer: String,
    audience: String,
    algorithms: Vec<Algorithm>,
    known: RwLock<Known>,
    /// Held by whoever fetches the keys.
    fetching: Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<Key>>,
    fetched: Option<Instant>,
    failed: Option<Instant>,
}

struct Key {
    algorithm: Algorithm,
    decoding: DecodingKey,
}

impl Verifier {
    pub fn new(http: reqwest::Client, url: &str, issuer: String, audience: String, algorithms: Vec<Algorithm>) -> Self {
        let jwks = format!("{url}/.well-known/jwks.json");
        Self { http, jwks, issuer, audience, algorithms, known: RwLock::default(), fetching: Mutex::default() }
    }

    /// The claims of a token that is genuine and in time.
    pub async fn verify(&self, token: &str) -> Result<Claims, Rejected> {
        let invalid = |error: jsonwebtoken::errors::Error| Rejected::Refused(error.to_string());
        let header = decode_header(token).map_err(invalid)?;
        if header.crit.is_some() || !is_access_token(header.typ.as_deref()) {
            return Err(Rejected::Refused("not an access token".into()));
        }
        let kid = header.kid.ok_or_else(|| Rejected::Refused("the token names no key".into()))?;
        let key = self.key(&kid).await?;
        // The key says which algorithm, not the token.
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        Ok(decode::<Claims>(token, &key.decoding, &validation).map_err(invalid)?.claims)
    }

    async fn key(&self, kid: &str) -> Result<Arc<Key>, Rejected> {
        if let Some(answer) = self.known.read().await.look_up(kid) {
            return answer;
        }
        let _turn = self.fetching.lock().await;
        if let Some(answer) = self.known.read().await.look_up(kid) {
            return answer;
        }
        let fetched = self.fetch().await;
        let mut known = self.known.write().await;
        match fetched {
            Ok(keys) => *known = Known { keys, fetched: Some(Instant::now()), failed: None },
            Err(error) => {
                eprintln!("keys: {error}");
                known.failed = Some(Instant::now());
            }
        }
        known.look_up(kid).unwrap_or(Err(Rejected::Unavailable("the keys can not be fetched")))
    }

    async fn fetch(&self) -> reqwest::Result<HashMap<String, Arc<Key>>> {
        let answer = self.http.get(&self.jwks).timeout(Duration::from_secs(5)).send().await?.error_for_status()?;
        let keys = answer.json::<JwkSet>().await?.keys.into_iter().filter_map(|jwk| {
            let algorithm = Algorithm::try_from(jwk.common.key_algorithm?).ok()?;
            let decoding = DecodingKey::from_jwk(&jwk).ok()?;
            let is_allowed = self.algorithms.contains(&algorithm);
            is_allowed.then_some((jwk.common.key_id?, Arc::new(Key { algorithm, decoding })))
        });
        Ok(keys.collect())
    }
}

impl Known {
    /// `None`: the keys have to be fetched.
    fn look_up(&self, kid: &str) -> Option<Result<Arc<Key>, Rejected>> {
        let within = |time: Option<Instant>, limit| time.is_some_and(|time| time.elapsed() < limit);
        match self.keys.get(kid) {
            Some(key) if within(self.fetched, MAX_AGE) => Some(Ok(key.clone())),
            None if within(self.fetched, COOLDOWN) => Some(Err(Rejected::Refused("nobody knows its key".into()))),
            _ if within(self.failed, PAUSE) => Some(Err(Rejected::Unavailable("the keys can not be fetched"))),
            _ => None,
        }
    }
}

fn is_access_token(typ: Option<&str>) -> bool {
    typ.is_some_and(|typ| ["at+jwt", "application/at+jwt"].iter().any(|ours| typ.eq_ignore_ascii_case(ours)))
}
