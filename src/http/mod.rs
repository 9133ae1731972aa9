//! HTTP: the server that accepts connections, the middleware, and the endpoints.

pub(crate) mod endpoints;
pub(crate) mod middleware;
pub(crate) mod server;

pub use endpoints::ROUTES;
pub use server::serve;
