//! HTTP: accepting connections, what surrounds each request, and the endpoints that answer.

pub(crate) mod endpoints;
pub(crate) mod middleware;
pub(crate) mod server;

pub use endpoints::ROUTES;
pub use server::serve;
