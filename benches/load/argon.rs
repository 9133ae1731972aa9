//! Argon2id without a server around it: the most logins a second that these processors could do.

use std::sync::Barrier;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use portcullis::clock::Stopwatch;
use portcullis::config::Argon2Cost;

use crate::support::Outcome;
use crate::support::processors::Processors;
use crate::support::record::{Row, median};

/// The settings' defaults, handed to the server so that both hash alike.
pub(crate) const COST: Argon2Cost = Argon2Cost { memory_kib: 19456, iterations: 2, parallelism: 1 };
/// The server's hashing threads have it as well. Without, only they would give way to others on the machine.
const NICENESS: i32 = 10;

/// Hashes a second on these processors, a thread on each with memory that it uses again and again, as the server does.
pub(crate) async fn rate(processors: &Processors, duration: Duration) -> Outcome<f64> {
    let processors = processors.clone();
    tokio::task::spawn_blocking(move || {
        let threads = processors.numbers().len();
        let together = Barrier::new(threads);
        std::thread::scope(|scope| {
            let one = || {
                processors.hold()?;
                rustix::process::nice(NICENESS)?;
                rate_of_one(&together, duration)
            };
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
            running.into_iter().map(|thread| thread.join().map_err(|_| "hashing panicked")?).sum()
        })
    })
    .await?
}

fn rate_of_one(together: &Barrier, duration: Duration) -> Outcome<f64> {
    let params = Params::new(COST.memory_kib, COST.iterations, COST.parallelism, Some(32))?;
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

/// These rates as a row.
pub(crate) fn row(processors: &Processors, rates: &[f64]) -> Row {
    let a_second = median(rates);
    let threads = processors.numbers().len();
    Row {
        connections: threads,
        server_us: Some(threads as f64 * 1e6 / a_second),
        ..Row::of("Argon2id alone", a_second)
    }
}
