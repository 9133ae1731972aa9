//! The form of an answer: which keys each object has, in which order, and what may be null.

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::MetaTypeName;
use async_graphql::{Name, Value};

/// The key of what was selected so that something is. No name has a colon in it, so no client can ask for it.
pub(super) const HIDDEN: &str = ":type";

/// The form of a value.
pub(crate) struct Form {
    non_null: bool,
    kind: Kind,
}

enum Kind {
    Leaf,
    List(Box<Form>),
    Object(Fields),
}

/// The keys of an object, in their order.
pub(super) type Members = Vec<(Name, Form)>;

/// The keys of objects in one place.
pub(super) enum Fields {
    /// Whatever their type is.
    Same(Members),
    ByType(Vec<(String, Members)>),
}

impl Form {
    /// Of an object that may be null.
    pub(super) fn object(fields: Fields) -> Self {
        Self { non_null: false, kind: Kind::Object(fields) }
    }

    /// Of a type as it is written, with what is selected in it.
    pub(super) fn of(written: &str, within: Option<Fields>) -> Self {
        match (MetaTypeName::create(written), within) {
            (MetaTypeName::NonNull(inner), within) => Self { non_null: true, ..Self::of(inner, within) },
            (MetaTypeName::List(inner), Some(within)) => {
                Self { non_null: false, kind: Kind::List(Box::new(Self::of(inner, Some(within)))) }
            }
            (_, Some(within)) => Self::object(within),
            (_, None) => Self { non_null: false, kind: Kind::Leaf },
        }
    }

    /// Puts a value into this form. A field that failed and must not be null takes the nearest one around it that may be.
    ///
    /// Returns whether it could be done; if not, what is around it must be null.
    pub(crate) fn put(&self, value: &mut Value) -> bool {
        let done = match (&self.kind, &mut *value) {
            (_, Value::Null) => return !self.non_null,
            (Kind::List(inner), Value::List(values)) => values.iter_mut().all(|value| inner.put(value)),
            (Kind::Object(fields), Value::Object(object)) => fields.put(object),
            _ => true,
        };
        if !done {
            *value = Value::Null;
        }
        done || !self.non_null
    }
}

impl Fields {
    fn put(&self, object: &mut IndexMap<Name, Value>) -> bool {
        let Some(members) = self.members(object) else { return false };
        let in_order = object.len() == members.len() && object.keys().zip(members).all(|(key, (name, _))| key == name);
        if !in_order {
            let ordered = members.iter().map(|(name, _)| (name.clone(), object.swap_remove(name).unwrap_or_default()));
            *object = ordered.collect();
        }
        object.values_mut().zip(members).all(|(value, (_, form))| form.put(value))
    }

    fn members(&self, object: &IndexMap<Name, Value>) -> Option<&Members> {
        match self {
            Self::Same(members) => Some(members),
            Self::ByType(types) => {
                let Some(Value::String(name)) = object.get(HIDDEN) else { return None };
                types.iter().find(|(known, _)| known == name).map(|(_, members)| members)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    /// `{ a b { c d! } e! [{ f! }] }` of a type that has all of them.
    fn form() -> Form {
        let leaf = |name: &str, written: &str| (Name::new(name), Form::of(written, None));
        let inner =
            Fields::ByType(vec![("T".to_owned(), vec![leaf("c", "Int"), leaf("d", "Int!")]), ("U".to_owned(), vec![])]);
        let list = Fields::Same(vec![leaf("f", "[Int!]!")]);
        Form::object(Fields::Same(vec![
            leaf("a", "Int"),
            (Name::new("b"), Form::of("T", Some(inner))),
            (Name::new("e"), Form::of("[L!]!", Some(list))),
        ]))
    }

    #[test]
    fn an_answer_gets_the_keys_and_the_order_that_were_asked_for() {
        for (answer, put) in [
            (
                value!({ "e": [{ "f": [1] }, { ":type": "L", "f": [] }], "b": { ":type": "T", "d": 2, "c": null } }),
                value!({ "a": null, "b": { "c": null, "d": 2 }, "e": [{ "f": [1] }, { "f": [] }] }),
            ),
            (value!({ "a": 1, "b": { ":type": "U" }, "e": [] }), value!({ "a": 1, "b": {}, "e": [] })),
            (value!({ "a": 1, "b": null, "e": [] }), value!({ "a": 1, "b": null, "e": [] })),
        ] {
            let mut answer = answer;
            assert!(form().put(&mut answer));
            assert_eq!(answer.to_string(), put.to_string());
        }
    }

    #[test]
    fn what_failed_and_may_not_be_null_takes_the_nearest_around_it_that_may() {
        for (answer, put) in [
            // `d` is missing.
            (value!({ "a": 1, "b": { ":type": "T", "c": 1 }, "e": [] }), value!({ "a": 1, "b": null, "e": [] })),
            // `f` is missing, in a list that may not be null, of what may not be.
            (value!({ "a": 1, "b": null, "e": [{ "f": [] }, { ":type": "L" }] }), Value::Null),
            (value!({ "a": 1, "b": null }), Value::Null),
        ] {
            let mut answer = answer;
            assert!(form().put(&mut answer), "the root may be null");
            assert_eq!(answer, put);
        }
    }
}
