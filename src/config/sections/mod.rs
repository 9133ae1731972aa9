//! The settings, a file for each area: flag, variable, default, bounds and documentation of each stand here and nowhere else.

#![allow(rustdoc::bare_urls, rustdoc::invalid_html_tags, reason = "the help shows these texts as they are")]

pub(super) mod bounds;
pub(super) mod browsers;
pub(super) mod connections;
pub(super) mod database;
pub(super) mod graphql;
pub(super) mod limits;
pub(super) mod mail;
pub(super) mod passkeys;
pub(super) mod passwords;
pub(super) mod persisted;
pub(super) mod rate;
pub(super) mod second_factors;
pub(super) mod sender;
pub(super) mod server;
pub(super) mod sessions;
pub(super) mod smtp;
pub(super) mod tokens;

use std::time::Duration;

const TENTH: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
