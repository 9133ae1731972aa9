//! Behaviour through the real route, on a real PostgreSQL that the tests start themselves.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod abuse;
mod accounts;
mod accounts_command;
mod algorithms;
mod architecture;
mod audit;
mod change_password;
mod clean_up;
mod concurrency;
mod cookies;
mod cors;
mod cross_site;
mod devices;
mod embedded;
mod faults;
mod feed;
mod fuzz;
mod generated;
mod guard;
mod http;
mod keys;
mod limits;
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
mod support;
mod text;
mod tls;
mod trips;
