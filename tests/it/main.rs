//! Behaviour through the real route, on a real PostgreSQL that the tests start themselves.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod abuse;
mod accounts;
mod accounts_command;
mod algorithms;
mod allow_list;
mod architecture;
mod audit;
mod bounds;
mod change_password;
mod clean_up;
mod client_address;
mod concurrency;
mod cookies;
mod cors;
mod cross_site;
mod devices;
mod embedded;
mod faults;
mod feed;
mod files;
mod fuzz;
mod generated;
mod guard;
mod http;
mod keys;
mod large;
mod limits;
mod login;
mod logout;
mod logs;
mod operator;
mod persisted;
mod pooled;
mod process;
mod refresh;
mod revocations;
mod secret;
mod settings;
mod slow;
mod support;
mod text;
mod time_limit;
mod tls;
mod trips;
