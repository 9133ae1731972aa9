//! The figures, in plain text.

use portcullis::config::Argon2Cost;

use crate::load::Report;

pub(crate) fn argon(cost: Argon2Cost, threads: usize, one: f64, all: f64) {
    let Argon2Cost { memory_kib, iterations, parallelism } = cost;
    println!("Argon2id m={memory_kib} t={iterations} p={parallelism}, no server around it:");
    println!("  1 thread   {one:8.1} hashes/s");
    println!("  {threads} threads  {all:8.1} hashes/s");
}

pub(crate) fn head() {
    println!("\nkeep-alive connections; latencies in milliseconds");
    println!(
        "{:18}{:>6}{:>10}{:>8}{:>8}{:>10}{:>10}{:>9}{:>9}{:>9}",
        "", "conns", "requests", "errors", "busy", "a second", "p50", "p95", "p99", "max"
    );
}

/// Prints a row. Returns the number of errors.
pub(crate) fn row(report: &Report) -> usize {
    println!(
        "{:18}{:6}{:10}{:8}{:8}{:10.1}{:10.2}{:9.2}{:9.2}{:9.2}",
        report.name,
        report.connections,
        report.requests,
        report.errors,
        report.busy,
        report.rate(),
        report.percentile(0.5),
        report.percentile(0.95),
        report.percentile(0.99),
        report.percentile(1.0),
    );
    if let Some(error) = &report.error {
        println!("  such as: {error}");
    }
    report.errors
}

/// How near the logins come to Argon2id alone.
pub(crate) fn share_of_argon(logins: &[&Report], hashes_a_second: f64) {
    println!("\nOf Argon2id on all threads (the load generator and PostgreSQL have their part of the processors):");
    for report in logins {
        println!("  {:18}{:5.1} %", report.name, 100.0 * report.rate() / hashes_a_second);
    }
}

/// How many more sign-ins there are without a hash.
pub(crate) fn of_passkeys(passkeys: &Report, logins: &Report) {
    println!("\nSign-ins by passkey to those by password, a second: {:.1}", passkeys.rate() / logins.rate());
}

/// What the storm does to others.
pub(crate) fn slowdown(quiet: &Report, storm: &Report) {
    let times = |share| storm.percentile(share) / quiet.percentile(share);
    println!("\nA login storm makes me slower by: p50 x {:.1}, p99 x {:.1}", times(0.5), times(0.99));
}
