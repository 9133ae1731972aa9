//! Documents are validated and executed as the GraphQL specification says.

mod answers;
mod validation;
mod variables;
