//! What the tests use: a database and a server for each, and clients for each role.

pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod chromium;
pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod collector;
pub(crate) mod database;
pub(crate) mod events;
pub(crate) mod flows;
pub(crate) mod mails;
pub(crate) mod npm;
pub(crate) mod outbox;
pub(crate) mod passkeys;
pub(crate) mod pgbouncer;
pub(crate) mod process;
pub(crate) mod prometheus;
pub(crate) mod proxy;
pub(crate) mod python;
pub(crate) mod raw;
pub(crate) mod sealed_mail;
pub(crate) mod told;

use std::time::Duration;

pub(crate) use app::TestApp;
pub(crate) use client::{Client, SignedIn};

/// How many migrations there are.
pub(crate) fn migrations() -> usize {
    let entries = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("migrations");
    entries.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_dir())).count()
}

/// A password that nobody would guess.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Waits for a condition, and fails when it never comes.
pub(crate) async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let mut pause = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..3000 {
        if done().await {
            return;
        }
        pause.tick().await;
    }
    panic!("never: {what}");
}
