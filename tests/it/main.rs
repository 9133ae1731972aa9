//! Behaviour through the real route, on a real PostgreSQL that the tests start themselves.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod abuse;
mod accounts;
mod algorithms;
mod architecture;
mod change_password;
mod clean_up;
mod client_address;
mod concurrency;
mod devices;
mod embedded;
mod faults;
mod feed;
mod files;
mod generated;
mod guard;
mod http;
mod keys;
mod large;
mod login;
mod logout;
mod logs;
mod operator;
mod pooled;
mod process;
mod refresh;
mod revocations;
mod secret;
mod settings;
mod slow;
mod support;
mod tls;
mod trips;
