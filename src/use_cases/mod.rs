//! The use cases, one in each file. Each owns its transaction, and none calls another.

pub mod accounts;
pub mod authenticate;
pub mod change_password;
pub mod clean_up;
pub mod delete_account;
pub mod ended_sessions;
pub mod follow_revocations;
pub mod keys;
pub mod list_events;
pub mod list_sessions;
pub mod login;
pub mod logout;
pub mod record_endings;
pub mod record_uses;
pub mod refresh;
pub mod register;
pub mod remove_accounts;
pub mod revoke_other_sessions;
pub mod revoke_session;
pub mod service_keys;
