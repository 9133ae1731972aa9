//! Passwords: which are strong enough, and hashing that does not slow down the rest of the server.

mod argon;
mod jobs;
mod own_name;
mod policy;
mod pool;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

pub use policy::{BadPassword, FirstGuesses, LENGTH, Weakness, check};

use crate::clock::Timestamp;
use crate::config::Argon2Cost;
use crate::error::Error;
use crate::metrics::Durations;
use argon::Argon;
use pool::Pool;

/// A password as typed, in Unicode normal form C, never trimmed.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Longest text that is read, in bytes. The longest password allowed has fewer.
    const MAX_BYTES: usize = 4096;

    /// Takes what was typed. `None` if it is longer than any password may be.
    #[must_use]
    pub fn new(typed: String) -> Option<Self> {
        let typed = Zeroizing::new(typed);
        (typed.len() <= Self::MAX_BYTES).then(|| {
            let composed: Zeroizing<String> = Zeroizing::new(typed.nfc().collect());
            Self(composed.as_str().into())
        })
    }

    /// A password that nobody has.
    pub(crate) fn empty() -> Self {
        Self(SecretString::default())
    }

    fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// A password's hash, in PHC string format.
#[derive(Clone, Debug)]
pub struct PasswordHash(SecretString);

impl PasswordHash {
    pub(crate) fn new(phc: String) -> Self {
        Self(phc.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.expose_secret()
    }
}

/// An account's password as it is stored.
#[derive(Debug)]
pub struct StoredPassword {
    /// The hash that passwords are compared with.
    pub hash: PasswordHash,
    /// When it was set. This time differs for each password of an account. It stays when the same password is hashed
    /// again at another cost.
    pub changed_at: Timestamp,
}

/// The outcome of a comparison.
#[derive(Debug)]
pub enum Comparison {
    /// The password is wrong.
    Wrong,
    /// The password is right.
    Right {
        /// A hash of it at the current cost, if the stored one is cheaper to break.
        stronger: Option<PasswordHash>,
    },
}

/// Hashes on a bounded number of threads, for a bounded number of callers at a time.
#[derive(Clone)]
pub struct Passwords {
    pool: Arc<Pool>,
    permits: Arc<Semaphore>,
    refused: Arc<AtomicU64>,
    done: Arc<AtomicU64>,
    cost: Argon2Cost,
    /// The hash that is compared with when there is no account, so that it takes as long as with one.
    dummy: PasswordHash,
}

impl Passwords {
    /// Starts `threads` threads with memory of their own. Up to `queue` passwords may wait for them.
    ///
    /// # Errors
    /// [`Error::Internal`] when the cost can't be paid: bad parameters, no memory, no thread.
    pub fn start(cost: Argon2Cost, threads: usize, queue: usize) -> Result<Self, Error> {
        let dummy = Argon::new(cost)?.hash(b"no account has this password")?;
        let pool = Pool::start(cost, threads)?;
        let permits = Arc::new(Semaphore::new(threads + queue));
        Ok(Self { pool: Arc::new(pool), permits, refused: Arc::default(), done: Arc::default(), cost, dummy })
    }

    /// A permit for one password, on a thread or in the queue. Take it before anything is looked up, so that a caller
    /// who gets none learns nothing and is charged for nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] at once when all are taken.
    pub fn permit(&self) -> Result<HashingPermit, Error> {
        match self.permits.clone().try_acquire_owned() {
            Ok(permit) => Ok(HashingPermit { passwords: self.clone(), permit: Arc::new(permit) }),
            Err(TryAcquireError::NoPermits) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Err(Error::Busy { retry_after: self.retry_after() })
            }
            Err(TryAcquireError::Closed) => Err(Error::internal("no hashing thread is left")),
        }
    }

    /// Takes a permit and calls [`HashingPermit::verify`].
    ///
    /// # Errors
    /// [`Error::Busy`] at once when all permits are taken.
    pub async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Comparison, Error> {
        self.permit()?.verify(password, hash).await
    }

    /// What the threads have had to do.
    pub(crate) fn load(&self) -> HashingLoad {
        let [done, refused] = [&self.done, &self.refused].map(|count| count.load(Ordering::Relaxed));
        HashingLoad { waiting: self.pool.waiting(), done, refused }
    }

    /// From now on it is kept here how long passwords wait for a thread.
    pub(crate) fn measure(&self, waits: Durations) {
        self.pool.measure(waits);
    }

    /// How long it takes to work off the queue, and at least a second.
    fn retry_after(&self) -> Duration {
        self.pool.time_to_empty().max(Duration::from_secs(1))
    }
}

/// What the hashing threads have had to do.
pub(crate) struct HashingLoad {
    /// Passwords that wait for a thread.
    pub(crate) waiting: usize,
    /// Passwords that were hashed or compared.
    pub(crate) done: u64,
    /// Callers who got no permit.
    pub(crate) refused: u64,
}

/// A caller's permit for the hashing threads. It is free again when it is dropped and the work that it was used for
/// is done.
pub struct HashingPermit {
    passwords: Passwords,
    permit: Arc<OwnedSemaphorePermit>,
}

impl HashingPermit {
    /// The hash of a new password, unless somebody who tries these guesses first would easily guess it. The work is
    /// not begun if nobody waits for it any more.
    ///
    /// # Errors
    /// [`Error::Internal`] when hashing fails.
    pub async fn hash(
        &self,
        password: Password,
        guesses: FirstGuesses,
    ) -> Result<Result<PasswordHash, Weakness>, Error> {
        self.run(move |argon| match policy::weakness(&password, &guesses) {
            Some(weakness) => Ok(Err(weakness)),
            None => argon.hash(password.expose().as_bytes()).map(Ok),
        })
        .await
    }

    /// The hash of a password that was generated, which nobody guesses. The work is not begun if nobody waits for it any more.
    ///
    /// # Errors
    /// [`Error::Internal`] when hashing fails.
    pub(crate) async fn hash_generated(&self, password: Password) -> Result<PasswordHash, Error> {
        self.run(move |argon| argon.hash(password.expose().as_bytes())).await
    }

    /// Compares a password with a hash. Without a hash it takes as long, and the password is never right. The work is
    /// not begun if nobody waits for it any more.
    ///
    /// # Errors
    /// [`Error::Internal`] when the hash can't be read.
    pub async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Comparison, Error> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.passwords.dummy.clone());
        let cost = self.passwords.cost;
        self.run(move |argon| {
            if !argon.verify(password.expose().as_bytes(), &hash)? || !known {
                return Ok(Comparison::Wrong);
            }
            let stronger =
                if argon::is_weaker(&hash, cost) { Some(argon.hash(password.expose().as_bytes())?) } else { None };
            Ok(Comparison::Right { stronger })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Argon) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let (permit, count) = (self.permit.clone(), self.passwords.done.clone());
        let job = Box::new(move |argon: &mut Argon| {
            // The caller may have gone away while the job waited.
            if !reply.is_closed() {
                let done = work(argon);
                // Before the answer is sent, so that a caller who has it finds it counted, and can ask again at once.
                count.fetch_add(1, Ordering::Relaxed);
                drop(permit);
                let _ = reply.send(done);
            }
        });
        self.passwords.pool.submit(job);
        answer.await.unwrap_or_else(|_| Err(Error::internal("password hashing panicked")))
    }
}

/// The hash of one new password, as [`HashingPermit::hash`] makes it, for a command that needs no pool of threads.
///
/// # Errors
/// [`Error::Internal`] when the cost can't be paid.
pub async fn hash_one(
    cost: Argon2Cost,
    password: Password,
    guesses: FirstGuesses,
) -> Result<Result<PasswordHash, Weakness>, Error> {
    let hashing = tokio::task::spawn_blocking(move || match policy::weakness(&password, &guesses) {
        Some(weakness) => Ok(Err(weakness)),
        None => Argon::new(cost)?.hash(password.expose().as_bytes()).map(Ok),
    });
    hashing.await?
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passwords({:?})", self.cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_permit_is_free_again_as_soon_as_its_password_was_compared() {
        let passwords =
            Passwords::start(Argon2Cost { memory_kib: 8, iterations: 1, parallelism: 1 }, 1, 0).expect("a thread");
        for _ in 0..2000 {
            let password = Password::new("a password".to_owned()).expect("a password");
            assert!(matches!(passwords.verify(password, None).await, Ok(Comparison::Wrong)));
        }
    }
}
