//! Fields under one response key must be one field (GraphQL specification, section 5.3.2). The library compares only what stands
//! in one set, and also what no object has together.

use std::collections::HashSet;

use async_graphql::indexmap::{IndexMap, IndexSet};
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use async_graphql::{Name, Pos, Positioned, ServerError};

use super::shape;
use super::walk::root;
use crate::graphql::document::refusal::refusal;
use crate::graphql::error::Code;

/// The first conflict of each operation.
///
/// All fields that could be under one key are looked at together, each once at each level, so the work grows with the document and
/// not with its square. (A field of an interface is looked at once more for each type whose fields stand beside it.)
pub(super) fn errors(document: &ExecutableDocument, registry: &Registry) -> Vec<ServerError> {
    let rules = Overlap { document, registry };
    let operations = document.operations.iter();
    let conflicts = operations.filter_map(|(_, operation)| {
        let set = [(root(&operation.node, registry), &operation.node.selection_set.node)];
        rules.shapes(&set).and_then(|()| rules.merges(&set)).err()
    });
    conflicts.collect()
}

struct Overlap<'a> {
    document: &'a ExecutableDocument,
    registry: &'a Registry,
}

/// A set of selections, and the type that it is on.
type Set<'a> = (Option<&'a MetaType>, &'a SelectionSet);

#[derive(Clone, Copy)]
struct Found<'a> {
    parent: Option<&'a MetaType>,
    field: &'a Positioned<Field>,
}

type ByKey<'a> = IndexMap<&'a Name, Vec<Found<'a>>>;

impl<'a> Overlap<'a> {
    /// SameResponseShape: holds for all fields, on whatever types. Like graphql-js, and unlike the specification, it leaves out
    /// `__typename`, or documents would be refused here that work elsewhere.
    fn shapes(&self, sets: &[Set<'a>]) -> Result<(), ServerError> {
        for (key, fields) in self.gather(sets) {
            let declared = fields.iter().filter(|found| found.field.node.name.node != "__typename");
            let mut kinds = declared.filter_map(|found| Some((self.kind(found)?, found.field.pos)));
            if let Some((first, _)) = kinds.next()
                && let Some((other, position)) = kinds.find(|(kind, _)| !shape::same(first, kind, self.registry))
            {
                let why = format!("they return conflicting types \"{first}\" and \"{other}\"");
                return Err(conflict(key, &why, position));
            }
            self.shapes(&self.within(&fields))?;
        }
        Ok(())
    }

    /// FieldsInSetCanMerge: holds for fields that one object can have.
    fn merges(&self, sets: &[Set<'a>]) -> Result<(), ServerError> {
        for (key, fields) in self.gather(sets) {
            let object = |found: &Found<'a>| found.parent.filter(|parent| !parent.is_abstract()).map(MetaType::name);
            let objects: IndexSet<&str> = fields.iter().filter_map(object).collect();
            let of = |name: &str| {
                let can_be = |found: &Found<'a>| object(found).is_none_or(|of| of == name);
                fields.iter().copied().filter(can_be).collect()
            };
            let mut together: Vec<Vec<Found<'a>>> = objects.iter().map(|name| of(name)).collect();
            if together.is_empty() {
                together.push(fields);
            }
            for fields in together {
                self.one_field(key, &fields)?;
                self.merges(&self.within(&fields))?;
            }
        }
        Ok(())
    }

    fn one_field(&self, key: &Name, fields: &[Found<'a>]) -> Result<(), ServerError> {
        let Some((first, others)) = fields.split_first() else { return Ok(()) };
        let first = &first.field.node;
        for other in others {
            let (position, other) = (other.field.pos, &other.field.node);
            if first.name.node != other.name.node {
                let why = format!("\"{}\" and \"{}\" are different fields", first.name.node, other.name.node);
                return Err(conflict(key, &why, position));
            }
            let equal = |(name, value): &(Positioned<Name>, Positioned<_>)| {
                other.get_argument(&name.node).is_some_and(|other| other.node == value.node)
            };
            if first.arguments.len() != other.arguments.len() || !first.arguments.iter().all(equal) {
                return Err(conflict(key, "they have differing arguments", position));
            }
        }
        Ok(())
    }

    fn gather(&self, sets: &[Set<'a>]) -> ByKey<'a> {
        let (mut found, mut fragments) = (ByKey::new(), HashSet::new());
        sets.iter().for_each(|(parent, set)| self.gather_into(*parent, set, &mut found, &mut fragments));
        found
    }

    fn gather_into(
        &self,
        parent: Option<&'a MetaType>,
        set: &'a SelectionSet,
        found: &mut ByKey<'a>,
        fragments: &mut HashSet<&'a Name>,
    ) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    found.entry(&field.node.response_key().node).or_default().push(Found { parent, field });
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(parent, |condition| self.named(&condition.node.on.node));
                    self.gather_into(on, &fragment.node.selection_set.node, found, fragments);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name).filter(|_| fragments.insert(name)) {
                        let on = self.named(&fragment.node.type_condition.node.on.node);
                        self.gather_into(on, &fragment.node.selection_set.node, found, fragments);
                    }
                }
            }
        }
    }

    /// The selections in these fields.
    fn within(&self, fields: &[Found<'a>]) -> Vec<Set<'a>> {
        let nested = fields.iter().filter(|found| !found.field.node.selection_set.node.items.is_empty());
        let inner = |found: &Found<'a>| self.named_str(MetaTypeName::concrete_typename(self.kind(found)?));
        nested.map(|found| (inner(found), &found.field.node.selection_set.node)).collect()
    }

    fn kind(&self, found: &Found<'a>) -> Option<&'a str> {
        kind(found.parent, &found.field.node.name.node)
    }

    fn named(&self, name: &Name) -> Option<&'a MetaType> {
        self.named_str(name.as_str())
    }

    fn named_str(&self, name: &str) -> Option<&'a MetaType> {
        self.registry.types.get(name)
    }
}

/// The type of a field, also of those that the schema has without declaring them.
pub(in super::super) fn kind<'a>(parent: Option<&'a MetaType>, field: &str) -> Option<&'a str> {
    match field {
        "__typename" => Some("String!"),
        "__schema" => Some("__Schema!"),
        "__type" => Some("__Type"),
        _ => Some(&parent?.field_by_name(field)?.ty),
    }
}

fn conflict(key: &Name, why: &str, position: Pos) -> ServerError {
    let message = format!(
        "Fields \"{key}\" conflict because {why}. Use different aliases on the fields to fetch both if this was intentional."
    );
    refusal(message, position, Code::GraphqlValidationFailed)
}
