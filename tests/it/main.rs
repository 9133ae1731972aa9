//! Behaviour through the real route, on a real PostgreSQL that the tests start themselves.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod abuse;
mod accounts;
mod architecture;
mod concurrency;
mod embedded;
mod faults;
mod generated;
mod guard;
mod http;
mod login;
mod logout;
mod logs;
mod pooled;
mod process;
mod settings;
mod support;
mod tls;
mod trips;
