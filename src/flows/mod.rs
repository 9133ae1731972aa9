//! Use cases, one a file. Each owns its transaction; none knows another.

pub mod authenticate;
pub mod keys;
pub mod login;
pub mod logout;
pub mod register;
