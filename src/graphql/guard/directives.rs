//! The directives by which fields declare who may call them.

#![expect(missing_docs, reason = "a macro makes a type of a function and leaves its documentation out")]
#![expect(non_camel_case_types, reason = "they have the names that stand in the schema, as the macro makes them")]

use std::borrow::Cow;

use async_graphql::TypeDirective;
use async_graphql::registry::location_traits::Directive_At_FIELD_DEFINITION;
use async_graphql::registry::{MetaDirectiveInvocation, Registry};

/// Anyone may call this field.
#[TypeDirective(location = "FieldDefinition")]
pub fn public() {}

/// Only a caller with a valid access token may call this field. Others get the error UNAUTHENTICATED. With `fresh`, the caller
/// must have proved in the last ten minutes who they are, by signing in or by `reauthenticate`, as the claim `auth_time` of the
/// access token says. Others get ReauthenticationRequired.
#[TypeDirective(location = "FieldDefinition", name = "auth")]
fn declared(#[graphql(default = false, desc = "Whether the caller has to be fresh.")] fresh: bool) {}

/// Applies `@auth`.
pub struct auth;

impl auth {
    #[must_use]
    pub fn apply() -> MetaDirectiveInvocation {
        MetaDirectiveInvocation { name: self::auth.name().into_owned(), args: Default::default() }
    }
}

/// Applies `@auth(fresh: true)`.
pub struct auth_fresh;

impl auth_fresh {
    #[must_use]
    pub fn apply() -> MetaDirectiveInvocation {
        declared::apply(true)
    }
}

/// What the library asks for is in `declared`.
macro_rules! is_declared {
    ($name:ident) => {
        impl TypeDirective for $name {
            fn name(&self) -> Cow<'static, str> {
                declared.name()
            }

            fn register(&self, registry: &mut Registry) {
                declared.register(registry);
            }
        }

        impl Directive_At_FIELD_DEFINITION for $name {}
    };
}

is_declared!(auth);
is_declared!(auth_fresh);
