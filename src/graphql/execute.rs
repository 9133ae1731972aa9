//! A schema behind which there may be any fields of an application's.

use std::pin::Pin;

use async_graphql::{EmptySubscription, ObjectType, Request, Response, Schema};

/// A schema, whatever fields a host has added to it.
pub(super) trait Execute: Send + Sync {
    fn execute(&self, request: Request) -> Pin<Box<dyn Future<Output = Response> + Send + '_>>;
}

impl<Q: ObjectType + 'static, M: ObjectType + 'static> Execute for Schema<Q, M, EmptySubscription> {
    fn execute(&self, request: Request) -> Pin<Box<dyn Future<Output = Response> + Send + '_>> {
        Box::pin(Schema::execute(self, request))
    }
}
