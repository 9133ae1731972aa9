//! What the benchmarks share: the server as a process, a client of it, a database of its own, and an orderly end.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub(crate) mod client;
pub(crate) mod directory;
pub(crate) mod memory;
pub(crate) mod passkey;
pub(crate) mod postgres;
pub(crate) mod processor_time;
pub(crate) mod processors;
pub(crate) mod random;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod server;
pub(crate) mod times;
pub(crate) mod wire;

use std::error::Error;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;
