//! A passkey that somebody has shown.

use uuid::Uuid;

use crate::clock::Timestamp;

/// What the statement needs that accepts a passkey whose signature was right.
pub(crate) struct ShownPasskey {
    pub(crate) credential_id: Vec<u8>,
    /// The sign count that its authenticator told.
    pub(crate) sign_count: i64,
    /// Whether it is backed up now.
    pub(crate) is_backed_up: bool,
    /// The challenge that was answered, which nobody answers again.
    pub(crate) nonce: Uuid,
    pub(crate) challenge_expires_at: Timestamp,
}
