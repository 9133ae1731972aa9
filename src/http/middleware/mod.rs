//! The middleware that every request passes through.

pub(crate) mod client_address;
pub(crate) mod cookies;
pub(crate) mod cors;
mod forwarded;
pub(crate) mod origin;
pub(crate) mod rate_limit;
pub(crate) mod request_id;
pub(crate) mod request_log;
pub(crate) mod security_headers;
