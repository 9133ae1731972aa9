//! The use cases, one in each file. Each owns its transaction, and none calls another.

pub mod accounts;
pub mod authenticate;
pub(crate) mod change_password;
pub mod clean_up;
pub(crate) mod complete_email_change;
pub(crate) mod confirm_registration;
pub(crate) mod delete_account;
pub(crate) mod ended_sessions;
pub(crate) mod follow_revocations;
pub mod keys;
pub(crate) mod list_events;
pub(crate) mod list_sessions;
pub(crate) mod login;
pub mod logout;
pub(crate) mod reauthenticate;
pub mod record_endings;
pub mod record_uses;
pub(crate) mod refresh;
pub(crate) mod register;
pub mod remove_accounts;
pub(crate) mod revert_email_change;
pub(crate) mod revoke_other_sessions;
pub(crate) mod revoke_session;
pub mod send_mails;
pub mod service_keys;
pub(crate) mod start_email_change;
