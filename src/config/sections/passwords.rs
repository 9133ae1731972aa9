//! Settings of passwords, and of registration.

use clap::Args;

use crate::config::form::{Given, measure, number, switch};

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Passwords and registration")]
pub(in crate::config) struct PasswordSettings {
    /// Whether anybody may register.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_OPEN_REGISTRATION",
        default_value = "on",
        value_name = "SWITCH",
        value_parser = switch()
    )]
    pub(in crate::config) open_registration: Given<bool>,

    /// The memory that one Argon2id hash takes, in KiB. It must be 8 KiB for each lane or more.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_ARGON2_MEMORY_KIB",
        default_value = "19456",
        value_name = "KIB",
        value_parser = measure("KiB", 8u32, 4_194_304)
    )]
    pub(in crate::config) argon2_memory_kib: Given<u32>,

    /// How many times one Argon2id hash passes over its memory.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_ARGON2_ITERATIONS",
        default_value = "2",
        value_name = "NUMBER",
        value_parser = number(1u32, 100)
    )]
    pub(in crate::config) argon2_iterations: Given<u32>,

    /// How many lanes one Argon2id hash has.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_ARGON2_PARALLELISM",
        default_value = "1",
        value_name = "NUMBER",
        value_parser = number(1u32, 64)
    )]
    pub(in crate::config) argon2_parallelism: Given<u32>,

    /// How many threads hash passwords. Each keeps the memory of one hash, until it has had nothing to do for ten seconds [default: one per processor].
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_HASHING_THREADS",
        value_name = "NUMBER",
        value_parser = number(1usize, 256)
    )]
    pub(in crate::config) hashing_threads: Option<Given<usize>>,

    /// How many passwords may wait for a thread that hashes them. Past it the caller gets SERVER_BUSY at once.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_HASHING_QUEUE",
        default_value = "256",
        value_name = "NUMBER",
        value_parser = number(1usize, 100_000)
    )]
    pub(in crate::config) hashing_queue: Given<usize>,
}
