//! The deployment's secret.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretSlice};
use zeroize::Zeroizing;

/// Fewest bytes of a secret.
pub(super) const MIN_BYTES: usize = 32;

/// `PORTCULLIS_SECRET`. Every key of the deployment hangs on it.
#[derive(Clone, Debug)]
pub struct Secret(Arc<SecretSlice<u8>>);

impl Secret {
    /// Takes a secret of 32 bytes or more.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= MIN_BYTES).then(|| Self(Arc::new(bytes.to_vec().into())))
    }

    /// The secret in the file `secret` of `directory`; made there, readable for its owner alone, if there is none.
    ///
    /// # Errors
    /// When the file can't be read or made, or holds too little.
    pub fn load_or_create(directory: &Path) -> io::Result<Self> {
        match Self::load(directory)? {
            Some(secret) => Ok(secret),
            None => Self::create(&directory.join("secret")),
        }
    }

    /// The secret in the file `secret` of `directory`, if there is one.
    ///
    /// # Errors
    /// When the file can't be read, or holds too little.
    pub fn load(directory: &Path) -> io::Result<Option<Self>> {
        let path = directory.join("secret");
        match std::fs::File::open(&path) {
            Ok(file) => {
                let mut text = Zeroizing::new(String::new());
                file.take(4096).read_to_string(&mut text)?;
                let secret = Self::new(text.trim().as_bytes());
                let short = || io::Error::other(format!("{} holds fewer than {MIN_BYTES} bytes", path.display()));
                secret.ok_or_else(short).map(Some)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
        }
    }

    /// Written aside and renamed: a stop in between leaves no half a secret.
    fn create(path: &Path) -> io::Result<Self> {
        use base64::Engine;
        let mut random = Zeroizing::new([0u8; 32]);
        aws_lc_rs::rand::fill(random.as_mut_slice()).map_err(|_| io::Error::other("no randomness"))?;
        let text = Zeroizing::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random.as_slice()));
        let new = path.with_extension("new");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        // Without it a power cut may take the name along, and with it every token.
        if let Some(directory) = path.parent() {
            std::fs::File::open(directory)?.sync_all()?;
        }
        Self::new(text.as_bytes()).ok_or_else(|| io::Error::other("unreachable: a secret of 43 bytes"))
    }

    /// The bytes. Only for deriving keys.
    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}
