//! Argon2id without a server around it: the most logins a second that this machine could do.

use std::sync::Barrier;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use portcullis::clock::Stopwatch;
use portcullis::config::Argon2Cost;

use crate::support::Outcome;

/// Hashes a second on so many threads, each with memory that it uses again and again, as the server does.
pub(crate) async fn rate(cost: Argon2Cost, threads: usize, duration: Duration) -> Outcome<f64> {
    tokio::task::spawn_blocking(move || {
        let together = Barrier::new(threads);
        std::thread::scope(|scope| {
            let running: Vec<_> =
                (0..threads).map(|_| scope.spawn(|| rate_of_one(cost, &together, duration))).collect();
            running.into_iter().map(|thread| thread.join().map_err(|_| "hashing panicked")?).sum()
        })
    })
    .await?
}

fn rate_of_one(cost: Argon2Cost, together: &Barrier, duration: Duration) -> Outcome<f64> {
    let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(32))?;
    let mut memory = vec![Block::default(); params.block_count()];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut output = [0; 32];
    let mut hash = || argon.hash_password_into_with_memory(b"a horse under load", &[7; 16], &mut output, &mut memory);
    hash()?;
    together.wait();
    let watch = Stopwatch::start();
    let mut hashes = 0;
    while watch.elapsed() < duration {
        hash()?;
        hashes += 1;
    }
    Ok(f64::from(hashes) / watch.elapsed().as_secs_f64())
}
