//! `User`.

mod at_hand;
mod object;

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};

use crate::app::SignedIn;
use object::UserObject;

/// A user account. It is always the caller's own.
pub(crate) struct User(UserObject);

impl User {
    pub(crate) fn of(caller: SignedIn) -> Self {
        Self(UserObject(caller))
    }
}

/// A selection of nothing but what is at hand is answered without the library's future for each field.
impl OutputType for User {
    fn type_name() -> Cow<'static, str> {
        UserObject::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        UserObject::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match at_hand::selected(&ctx.item.node, self.0.0.account()) {
            Some(value) => Ok(value),
            None => Box::pin(self.0.resolve(ctx, field)).await,
        }
    }
}
