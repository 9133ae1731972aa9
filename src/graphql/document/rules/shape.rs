//! Whether two fields can stand under one key of an answer.

use async_graphql::registry::{MetaTypeName, Registry};

/// GraphQL specification, section 5.3.2, SameResponseShape, without the fields within.
pub(super) fn same(one: &str, other: &str, registry: &Registry) -> bool {
    match (MetaTypeName::create(one), MetaTypeName::create(other)) {
        (MetaTypeName::NonNull(one), MetaTypeName::NonNull(other))
        | (MetaTypeName::List(one), MetaTypeName::List(other)) => same(one, other, registry),
        (MetaTypeName::Named(one), MetaTypeName::Named(other)) => {
            let is_leaf = |name| registry.types.get(name).is_none_or(|kind| kind.is_leaf());
            one == other || !is_leaf(one) && !is_leaf(other)
        }
        _ => false,
    }
}
