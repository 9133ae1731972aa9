//! A mail that is written into the outbox past everything that would write one.

use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use portcullis::clock::Clock;
use serde_json::Value;
use tokio_postgres::Client;
use uuid::Uuid;

/// A mail that tells this.
pub(crate) struct Written<'a> {
    pub(crate) kind: &'a str,
    pub(crate) recipient: &'a str,
    pub(crate) content: &'a Value,
    /// When it was written and is due, as PostgreSQL reads it. A server removes what was due long ago by its own clock.
    pub(crate) at: &'a str,
}

/// Writes a mail. `secret` is that of the server which sends it.
pub(crate) async fn write(database: &Client, secret: &str, mail: &Written<'_>) -> Uuid {
    let Written { kind, recipient, content, at } = mail;
    let id = portcullis::clock::new_id(Clock::system().now());
    let text = "INSERT INTO mails (id, kind, recipient, locale, content, created_at, due_at) \
                VALUES ($1::text::uuid, $2, $3, 'en', $4, $5::text::timestamptz, $5::text::timestamptz)";
    let sealed = seal(secret, id, content.to_string().as_bytes());
    database.execute(text, &[&id.to_string(), kind, recipient, &sealed, at]).await.expect("a mail");
    id
}

/// As the server seals it.
fn seal(secret: &str, id: Uuid, plain: &[u8]) -> Vec<u8> {
    let mut key = [0; 32];
    let extracted = Salt::new(HKDF_SHA256, &[]).extract(secret.as_bytes());
    let expanded = extracted.expand(&[b"portcullis sealed mails v1"], &AES_256_GCM).and_then(|okm| okm.fill(&mut key));
    expanded.expect("a key");
    let key = RandomizedNonceKey::new(&AES_256_GCM, &key).expect("a key");
    let mut text = plain.to_vec();
    let (nonce, tag) = key.seal_in_place_separate_tag(Aad::from(id.as_bytes()), &mut text).expect("a seal");
    [nonce.as_ref().as_slice(), &text, tag.as_ref()].concat()
}
