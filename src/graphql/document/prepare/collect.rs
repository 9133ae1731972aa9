//! Which fields are selected on an object (GraphQL specification, section 6.3.2, CollectFields).

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Directive, Field, Selection, SelectionSet};
use async_graphql::registry::MetaType;
use async_graphql::{Name, Positioned, ServerError};
use async_graphql_value::{ConstValue, Value};

use super::Preparing;
use crate::graphql::document::refusal::refusal;
use crate::graphql::error::Code;

/// The fields under each response key, in the order of the keys' first appearance.
pub(super) type Collected<'a> = IndexMap<&'a Name, Vec<&'a Positioned<Field>>>;

/// Whether it may depend on an object's type what is selected.
pub(super) fn has_conditions(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(_) => false,
        Selection::FragmentSpread(_) => true,
        Selection::InlineFragment(fragment) => {
            fragment.node.type_condition.is_some() || has_conditions(&fragment.node.selection_set.node)
        }
    })
}

impl<'a> Preparing<'a> {
    pub(super) fn collect(
        &self,
        object: &str,
        sets: &[&'a Positioned<SelectionSet>],
    ) -> Result<Collected<'a>, ServerError> {
        let (mut collected, mut fragments) = (Collected::new(), HashSet::new());
        for set in sets {
            self.collect_into(object, &set.node, &mut collected, &mut fragments)?;
        }
        Ok(collected)
    }

    fn collect_into(
        &self,
        object: &str,
        set: &'a SelectionSet,
        collected: &mut Collected<'a>,
        fragments: &mut HashSet<&'a Name>,
    ) -> Result<(), ServerError> {
        for selection in &set.items {
            if !self.is_included(selection.node.directives())? {
                continue;
            }
            let (condition, set) = match &selection.node {
                Selection::Field(field) => {
                    collected.entry(&field.node.response_key().node).or_default().push(field);
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    (fragment.node.type_condition.as_ref(), &fragment.node.selection_set)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name).filter(|_| fragments.insert(name)) else {
                        continue;
                    };
                    (Some(&fragment.node.type_condition), &fragment.node.selection_set)
                }
            };
            if condition.is_none_or(|condition| self.is_of(object, &condition.node.on.node)) {
                self.collect_into(object, &set.node, collected, fragments)?;
            }
        }
        Ok(())
    }

    fn is_of(&self, object: &str, condition: &Name) -> bool {
        condition == object
            || self.registry.types.get(condition.as_str()).is_some_and(|kind: &MetaType| kind.is_possible_type(object))
    }

    /// `@skip` is asked first, wherever it stands, and `@include` only where that does not skip.
    fn is_included(&self, directives: &[Positioned<Directive>]) -> Result<bool, ServerError> {
        for (name, wanted) in [("skip", false), ("include", true)] {
            if let Some(directive) = directives.iter().find(|directive| directive.node.name.node == name)
                && self.condition(directive)? != wanted
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn condition(&self, directive: &Positioned<Directive>) -> Result<bool, ServerError> {
        let condition = match directive.node.get_argument("if").map(|value| &value.node) {
            Some(Value::Boolean(condition)) => Some(*condition),
            Some(Value::Variable(name)) => match self.variables.and_then(|variables| variables.get(name)) {
                Some(ConstValue::Boolean(condition)) => Some(*condition),
                _ => None,
            },
            _ => None,
        };
        condition.ok_or_else(|| {
            let message = "Argument \"if\" of type \"Boolean!\" must not be null.".to_owned();
            refusal(message, directive.pos, Code::BadUserInput)
        })
    }
}
