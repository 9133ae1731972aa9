//! The fields of `User` that need nothing but the account.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Selection, SelectionSet};
use async_graphql::{ScalarType, Value};

use crate::accounts::Account;
use crate::graphql::scalars::DateTime;

/// The value of a selection, if nothing else is selected and no directive has to be looked at.
pub(super) fn selected(selection: &SelectionSet, account: &Account) -> Option<Value> {
    let mut values = IndexMap::with_capacity(selection.items.len());
    for item in &selection.items {
        let Selection::Field(field) = &item.node else { return None };
        if !field.node.directives.is_empty() {
            return None;
        }
        values.insert(field.node.response_key().node.clone(), value(&field.node.name.node, account)?);
    }
    Some(Value::Object(values))
}

/// The value of a field, as the library makes it of what the resolver returns.
fn value(field: &str, account: &Account) -> Option<Value> {
    let time = |time| DateTime::from(time).to_value();
    Some(match field {
        "__typename" => "User".into(),
        "id" => account.id.0.to_string().into(),
        "email" => account.email.as_str().into(),
        "emailVerifiedAt" => account.email_verified_at.map_or(Value::Null, time),
        "username" => account.username.as_deref().map_or(Value::Null, Value::from),
        "roles" => Value::List(account.roles.iter().map(|role| role.as_str().into()).collect()),
        "createdAt" => time(account.created_at),
        _ => return None,
    })
}
