//! Mails on their way, through real mail servers.

mod clean_up;
mod commands;
mod directory;
mod headers;
mod instances;
mod killed;
mod outbox;
pub(crate) mod servers;
mod slow;
mod smtp;
mod start;
