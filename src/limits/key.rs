//! Keys of buckets.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};

use super::kind::Kind;

/// The length of a key in bytes, which is enough that nobody finds two things with the same key.
const BYTES: usize = 16;

/// What a bucket counts. One that only helps out another, or that nobody is refused by, is of no kind.
pub(super) struct Name {
    text: &'static str,
    kind: Option<Kind>,
}

impl From<Kind> for Name {
    fn from(kind: Kind) -> Self {
        Self { text: kind.into(), kind: Some(kind) }
    }
}

impl From<&'static str> for Name {
    fn from(text: &'static str) -> Self {
        Self { text, kind: None }
    }
}

/// The key of a bucket: a hash of what it counts. All keys have the same length, and a stolen table does not reveal
/// names.
pub(super) struct Key {
    pub(super) kind: Option<Kind>,
    text: Vec<u8>,
    lacks_account: bool,
}

impl Key {
    pub(super) fn new(name: impl Into<Name>) -> Self {
        let Name { text, kind } = name.into();
        Self { kind, text: text.as_bytes().to_vec(), lacks_account: false }
    }

    /// Each part is preceded by its length, so that different lists of parts give different bytes.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.part(bytes.len());
        self.text.extend(bytes);
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn network(self, network: Option<IpAddr>) -> Self {
        match network {
            Some(IpAddr::V4(address)) => self.bytes(&address.octets()),
            Some(IpAddr::V6(address)) => self.bytes(&address.octets()),
            None => self.bytes(&[]),
        }
    }

    /// The last part: the id of an account. If it is not known, the statement that finds the account completes the text.
    pub(super) fn account(mut self, id: Option<&[u8]>) -> Self {
        if let Some(id) = id {
            return self.bytes(id);
        }
        self.part(size_of::<uuid::Bytes>());
        self.lacks_account = true;
        self
    }

    fn part(&mut self, length: usize) {
        self.text.extend((length as u64).to_be_bytes());
    }

    pub(super) fn finish(self) -> Vec<u8> {
        digest(&SHA256, &self.text).as_ref()[..BYTES].to_vec()
    }

    /// What is hashed, and whether the id of an account comes at its end.
    pub(super) fn unfinished(self) -> (Vec<u8>, bool) {
        (self.text, self.lacks_account)
    }
}
