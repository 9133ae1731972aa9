//! Turns at buckets that are empty only because running attempts hold what they may give back. An attempt that is
//! refused for that reason waits.
//!
//! The database knows whether any instance holds something of a bucket. This only wakes the attempts that wait: of
//! those that wait for one bucket, only the first tries again. It does so when an attempt of this instance was
//! settled, and from time to time because one of another instance may have been.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::select_all;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How many attempts may wait for one bucket.
const AT_ONE_BUCKET: usize = 256;

/// How many attempts may wait in all.
const IN_ALL: usize = 2048;

/// The pause before the first retry at a bucket that only other instances hold. It lasts up to twice as long, and
/// doubles before each further retry.
const FIRST: Duration = Duration::from_millis(100);

/// Longest pause before such a retry, and the pause where this instance is notified when one of its own attempts is
/// settled.
const LAST: Duration = Duration::from_millis(800);

/// The holders and waiters of this instance.
#[derive(Debug)]
pub(crate) struct Turns {
    buckets: Mutex<HashMap<Vec<u8>, Bucket>>,
    waiting: Arc<Semaphore>,
}

/// The entry of a bucket. It exists as long as an attempt holds something of it, or waits for it.
#[derive(Debug)]
struct Bucket {
    holders: usize,
    waiters: usize,
    settled: Arc<Notify>,
    line: Arc<Semaphore>,
}

impl Default for Bucket {
    fn default() -> Self {
        Self { holders: 0, waiters: 0, settled: Arc::default(), line: Arc::new(Semaphore::new(1)) }
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self { buckets: Mutex::default(), waiting: Arc::new(Semaphore::new(IN_ALL)) }
    }
}

impl Turns {
    /// An attempt that took from these buckets and may give it back. Drop this when it has, or when it will not.
    pub(crate) fn hold(self: &Arc<Self>, keys: &[Vec<u8>]) -> Holder {
        self.change(keys, |bucket| bucket.holders += 1);
        Holder { turns: self.clone(), keys: keys.to_vec() }
    }

    /// Joins the attempts that wait for one of these buckets, in the line of the last bucket. `None` when too many
    /// wait.
    pub(crate) fn join(self: &Arc<Self>, keys: &[Vec<u8>]) -> Option<Waiter> {
        let among_all = self.waiting.clone().try_acquire_owned().ok()?;
        let last = keys.last()?;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.get(last).is_some_and(|bucket| bucket.waiters >= AT_ONE_BUCKET) {
            return None;
        }
        let line = buckets.entry(last.clone()).or_default().line.clone();
        let mut settled = Vec::with_capacity(keys.len());
        for key in keys {
            let bucket = buckets.entry(key.clone()).or_default();
            bucket.waiters += 1;
            settled.push(bucket.settled.clone());
        }
        drop(buckets);
        let (turns, keys) = (self.clone(), keys.to_vec());
        Some(Waiter { turns, keys, line, settled, turn: None, pause: FIRST, _among_all: among_all })
    }

    /// The same, if others wait in that line already, so that later attempts do not overtake them.
    pub(crate) fn join_others(self: &Arc<Self>, keys: &[Vec<u8>]) -> Option<Waiter> {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let is_waited_for = keys.last().and_then(|last| buckets.get(last)).is_some_and(|bucket| bucket.waiters > 0);
        drop(buckets);
        if is_waited_for { self.join(keys) } else { None }
    }

    /// The number of attempts that wait.
    pub(crate) fn waiting(&self) -> usize {
        IN_ALL - self.waiting.available_permits()
    }

    fn change(&self, keys: &[Vec<u8>], change: impl Fn(&mut Bucket)) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            let bucket = buckets.entry(key.clone()).or_default();
            change(bucket);
            if bucket.holders == 0 && bucket.waiters == 0 {
                buckets.remove(key);
            }
        }
    }

    fn is_held_here(&self, keys: &[Vec<u8>]) -> bool {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().any(|key| buckets.get(key).is_some_and(|bucket| bucket.holders > 0))
    }
}

/// An attempt of which it is not known yet whether it counts.
#[derive(Debug)]
pub(crate) struct Holder {
    turns: Arc<Turns>,
    keys: Vec<Vec<u8>>,
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.turns.change(&self.keys, |bucket| {
            bucket.holders -= 1;
            bucket.settled.notify_one();
        });
    }
}

/// An attempt that waits. When it is dropped, the next one of its line may try.
#[derive(Debug)]
pub(crate) struct Waiter {
    turns: Arc<Turns>,
    keys: Vec<Vec<u8>>,
    line: Arc<Semaphore>,
    settled: Vec<Arc<Notify>>,
    turn: Option<OwnedSemaphorePermit>,
    pause: Duration,
    _among_all: OwnedSemaphorePermit,
}

impl Waiter {
    /// The buckets that it waits for.
    pub(crate) fn keys(&self) -> &[Vec<u8>] {
        &self.keys
    }

    /// Returns when it is worth trying again: first when it is this attempt's turn, then whenever something may have
    /// been given back.
    pub(crate) async fn look_again(&mut self) {
        if self.turn.is_none() {
            self.turn = self.line.clone().acquire_owned().await.ok();
            return;
        }
        let pause = if self.turns.is_held_here(&self.keys) { LAST } else { self.pause };
        self.pause = (self.pause * 2).min(LAST);
        let settled = self.settled.iter().map(|settled| Box::pin(settled.notified()));
        let _ = timeout(pause.mul_f64(1.0 + chance()), select_all(settled)).await;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.turns.change(&self.keys, |bucket| bucket.waiters -= 1);
    }
}

/// A random number from 0 to 1, so that instances do not retry at the same moments.
fn chance() -> f64 {
    let mut byte = [0];
    aws_lc_rs::rand::fill(&mut byte).map_or(0.5, |()| f64::from(byte[0]) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Vec<u8> {
        name.as_bytes().to_vec()
    }

    #[tokio::test]
    async fn one_of_a_line_looks_and_is_woken_by_what_is_settled() {
        let (turns, keys) = (Arc::new(Turns::default()), [key("ada")]);
        let holder = turns.hold(&keys);
        let (mut first, mut second) = (turns.join(&keys).unwrap(), turns.join(&keys).unwrap());
        first.look_again().await;
        let late = Duration::from_millis(50);
        assert!(timeout(late, second.look_again()).await.is_err(), "it is not its turn");
        assert!(timeout(late, first.look_again()).await.is_err(), "nothing was settled");
        drop(holder);
        assert!(timeout(Duration::from_millis(50), first.look_again()).await.is_ok());
        assert!(timeout(LAST * 2, first.look_again()).await.is_ok(), "others may have settled something");
        drop(first);
        assert!(timeout(Duration::from_millis(50), second.look_again()).await.is_ok());
        drop(second);
        assert!(turns.buckets.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn who_comes_later_stands_behind_those_of_the_same_line_alone() {
        let turns = Arc::new(Turns::default());
        let (here, there) = ([key("account"), key("here")], [key("account"), key("there")]);
        assert!(turns.join_others(&here).is_none(), "nobody waits");
        let mut first = turns.join(&here).unwrap();
        first.look_again().await;
        assert!(turns.join_others(&there).is_none(), "the line of another address");
        let mut second = turns.join_others(&here).unwrap();
        assert!(timeout(Duration::from_millis(50), second.look_again()).await.is_err(), "it is not its turn");
        drop(first);
        assert!(timeout(LAST, second.look_again()).await.is_ok());
    }

    #[tokio::test]
    async fn only_so_many_wait_at_one_bucket_and_in_all() {
        let turns = Arc::new(Turns::default());
        let mut waiters: Vec<_> = (0..AT_ONE_BUCKET).map(|_| turns.join(&[key("ada")]).unwrap()).collect();
        assert!(turns.join(&[key("ada")]).is_none());
        // A bucket that waiters of many lines wait for has room for more of them.
        waiters.push(turns.join(&[key("ada"), key("eve")]).unwrap());
        let mut number = 0;
        while let Some(waiter) = turns.join(&[key(&number.to_string())]) {
            waiters.push(waiter);
            number += 1;
        }
        assert_eq!(waiters.len(), IN_ALL);
        waiters.clear();
        assert!(turns.join(&[key("ada")]).is_some());
        assert!(turns.buckets.lock().unwrap().is_empty());
    }
}
