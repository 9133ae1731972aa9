//! Documents are validated and executed as the GraphQL specification says.

mod answers;
mod differential;
mod validation;
mod variables;
