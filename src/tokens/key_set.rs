//! The keys of a deployment as they were read at one moment. The state of each key depends on the time, so it changes
//! without reading the keys again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::lifecycle::{Reign, State};
use super::signing::SigningKey;
use super::store::{ACCESS_TOKEN, KeyRow, REFRESH_TOKEN};
use crate::clock::Timestamp;
use crate::config::SigningAlgorithm;
use crate::error::Error;
use crate::sealing::Seals;

/// The keys of a deployment, the same on all its instances.
pub struct KeySet {
    generation: u64,
    rows: Vec<KeyRow>,
    /// All keys but the newest, in the order in which they activate.
    earlier: Vec<Arc<SigningKey>>,
    newest: Arc<SigningKey>,
    refresh_root: hmac::Key,
}

/// A published document, as it is served.
#[derive(Debug)]
pub struct Published {
    /// JSON.
    pub body: String,
    /// A strong validator of the body (RFC 9110 section 8.8.3), with its quotes.
    pub etag: String,
}

impl Published {
    /// Publishes this document.
    #[must_use]
    pub fn new(document: &Value) -> Self {
        let body = document.to_string();
        let digest = digest::digest(&digest::SHA256, body.as_bytes());
        Self { etag: format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest)), body }
    }
}

impl KeySet {
    /// Opens the keys of these rows.
    pub(super) fn open(rows: &[KeyRow], seals: &Seals) -> Result<Self, Error> {
        let mut keys = Vec::new();
        for (row, reign) in signing_rows(rows) {
            let algorithm = SigningAlgorithm::parse(&row.algorithm)
                .ok_or_else(|| Error::internal(format!("key {} has an unknown algorithm", row.id)))?;
            let opened = row.open(seals)?;
            keys.push(Arc::new(SigningKey::read(row.id.to_string(), algorithm, &opened.plain, reign)?));
        }
        let refresh = rows.iter().rfind(|row| row.purpose == REFRESH_TOKEN);
        let (Some(newest), Some(refresh)) = (keys.pop(), refresh) else {
            return Err(Error::internal("the table keys holds only a part of the keys"));
        };
        let root = refresh.open(seals)?;
        Ok(Self {
            generation: next_generation(),
            rows: rows.to_vec(),
            earlier: keys,
            newest,
            refresh_root: hmac::Key::new(hmac::HMAC_SHA256, &root.plain),
        })
    }

    /// Whether this is the key set of these rows. The key of a row never changes.
    pub(super) fn is_of(&self, rows: &[KeyRow]) -> bool {
        marks(&self.rows).eq(marks(rows))
    }

    /// The key set without the keys that these rows no longer have, if there are any. Deleted keys are refused even
    /// if the keys that replaced them can't be opened here. The newest key goes on signing, but its tokens are
    /// refused as well if it was deleted.
    pub(super) fn without_deleted(&self, rows: &[KeyRow]) -> Option<Self> {
        let left = |row: &&KeyRow| rows.iter().any(|other| other.id == row.id);
        let rows: Vec<KeyRow> = self.rows.iter().filter(left).cloned().collect();
        (rows.len() < self.rows.len()).then(|| Self {
            generation: next_generation(),
            rows,
            earlier: self.earlier.clone(),
            newest: self.newest.clone(),
            refresh_root: self.refresh_root.clone(),
        })
    }

    /// The number of this key set among all that this process has had. Each change of the keys gives a new number.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The public keys (a JWK set, RFC 7517 section 5): those that will sign, the one that signs, and those that
    /// signed tokens which have not expired.
    #[must_use]
    pub fn jwks(&self, now: Timestamp) -> Published {
        let published = self.verifying_all(now).map(SigningKey::jwk);
        Published::new(&json!({ "keys": published.collect::<Vec<_>>() }))
    }

    /// The algorithms of the published keys, each once.
    #[must_use]
    pub fn algorithms(&self, now: Timestamp) -> Vec<&Value> {
        let mut all: Vec<&Value> = self.verifying_all(now).map(|key| &key.jwk()["alg"]).collect();
        all.sort_unstable_by_key(|algorithm| algorithm.as_str());
        all.dedup();
        all
    }

    /// The key that signs at `now`.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> &SigningKey {
        self.keys().find(|key| key.reign.state(now) == State::Active).unwrap_or(&self.newest)
    }

    /// The key that verifies tokens of this `kid` at `now`. Upcoming keys verify too, because an instance whose clock
    /// is ahead may sign with them.
    pub(super) fn verifying(&self, kid: &str, now: Timestamp) -> Option<&SigningKey> {
        self.verifying_all(now).find(|key| key.kid() == kid)
    }

    fn verifying_all(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        let is_there = |key: &&SigningKey| self.rows.iter().any(|row| row.id.to_string() == key.kid());
        self.keys().filter(move |key| key.reign.state(now) != State::Gone).filter(is_there)
    }

    /// The rows that it was read from.
    pub(super) fn rows(&self) -> &[KeyRow] {
        &self.rows
    }

    /// The key of one session's refresh tokens.
    pub(super) fn session_key(&self, session: Uuid) -> hmac::Key {
        let derived = hmac::sign(&self.refresh_root, session.as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
    }

    /// The key of device tokens. It differs from all sessions' keys, because its label is longer than a session's id.
    pub(super) fn device_key(&self) -> hmac::Key {
        let derived = hmac::sign(&self.refresh_root, b"portcullis device tokens v1");
        hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
    }

    /// The key of service keys' MACs. It differs from the others for the same reason.
    pub(super) fn service_key(&self) -> hmac::Key {
        let derived = hmac::sign(&self.refresh_root, b"portcullis service keys v1");
        hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
    }

    fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        self.earlier.iter().chain([&self.newest]).map(|key| &**key)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn marks(rows: &[KeyRow]) -> impl Iterator<Item = (Uuid, Timestamp)> {
    rows.iter().map(|row| (row.id, row.activates_at))
}

/// The rows of keys that sign access tokens, each with the time in which it signs, in the order in which they
/// activate.
pub(super) fn signing_rows(rows: &[KeyRow]) -> impl DoubleEndedIterator<Item = (&KeyRow, Reign)> {
    let rows: Vec<_> = rows.iter().filter(|row| row.purpose == ACCESS_TOKEN).collect();
    let reigns = Reign::of(&rows.iter().map(|row| row.activates_at).collect::<Vec<_>>());
    rows.into_iter().zip(reigns)
}
