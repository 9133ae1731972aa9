//! Documents are validated and executed as the GraphQL specification says.

mod answers;
mod differential;
mod user;
mod validation;
mod variables;
