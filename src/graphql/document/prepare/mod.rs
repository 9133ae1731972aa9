//! Prepares the document that is executed in the place of the one that was sent. All decisions that the specification
//! makes before a field resolves are made here, because the library makes some of them differently.
//!
//! - Fields under one key are merged into one (section 6.3.2), so each is resolved once.
//! - `@skip`, `@include` and type conditions are applied (section 6.3.2), with the defaults of variables.
//! - An argument or input field whose variable was left out is left out (sections 3.10 and 6.4.1).
//! - An object of which nothing is left to select gets a field that no client can write, or the library would answer null.
//!
//! [`form`] then puts the answer into the form that the document asks for.

mod collect;
mod fill;
mod form;

use std::collections::HashMap;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, InlineFragment, OperationDefinition, Selection, SelectionSet,
    TypeCondition, VariableDefinition,
};
use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use async_graphql::{Name, Pos, Positioned, ServerError, Variables};

use super::TOKEN;
use super::rules::{kind, root};
pub(crate) use form::Form;
use form::{Fields, HIDDEN, Members};

/// An operation that is ready to be executed.
pub(crate) struct Prepared {
    pub(crate) executable: ExecutableDocument,
    /// Of `data` in the answer.
    pub(crate) form: Form,
    /// Its memory, estimated.
    pub(crate) bytes: usize,
}

/// Prepares an operation of a valid document with these values of its variables. If its root is unknown, nothing is
/// prepared.
///
/// # Errors
/// A condition is null.
pub(super) fn prepare(
    document: &ExecutableDocument,
    (name, operation): (Option<&Name>, &Positioned<OperationDefinition>),
    variables: &Variables,
    registry: &Registry,
) -> Result<Option<Prepared>, ServerError> {
    let preparing = Preparing::new(document, &operation.node, Some(variables), registry);
    preparing.operation(name, operation)
}

/// The same for an operation whose execution does not depend on its variables. `None` for others.
pub(super) fn prepare_once(
    document: &ExecutableDocument,
    (name, operation): (Option<&Name>, &Positioned<OperationDefinition>),
    registry: &Registry,
) -> Option<Prepared> {
    let preparing = Preparing::new(document, &operation.node, None, registry);
    preparing.operation(name, operation).ok().flatten()
}

struct Preparing<'a> {
    document: &'a ExecutableDocument,
    definitions: HashMap<&'a Name, &'a VariableDefinition>,
    /// Without them, what depends on them is an error.
    variables: Option<&'a Variables>,
    registry: &'a Registry,
    bytes: usize,
}

impl<'a> Preparing<'a> {
    fn new(
        document: &'a ExecutableDocument,
        operation: &'a OperationDefinition,
        variables: Option<&'a Variables>,
        registry: &'a Registry,
    ) -> Self {
        let definitions = operation.variable_definitions.iter();
        let definitions = definitions.map(|definition| (&definition.node.name.node, &definition.node)).collect();
        Self { document, definitions, variables, registry, bytes: 0 }
    }

    fn operation(
        mut self,
        name: Option<&Name>,
        operation: &'a Positioned<OperationDefinition>,
    ) -> Result<Option<Prepared>, ServerError> {
        let Some(root) = root(&operation.node, self.registry) else { return Ok(None) };
        let set = &operation.node.selection_set;
        let (selection_set, fields) = self.set(root, &[set])?;
        let prepared = OperationDefinition {
            ty: operation.node.ty,
            variable_definitions: operation.node.variable_definitions.clone(),
            directives: Vec::new(),
            selection_set,
        };
        let prepared = Positioned::new(prepared, operation.pos);
        let operations = match name {
            None => DocumentOperations::Single(prepared),
            Some(name) => DocumentOperations::Multiple(HashMap::from([(name.clone(), prepared)])),
        };
        let executable = ExecutableDocument { operations, fragments: HashMap::new() };
        Ok(Some(Prepared { executable, form: Form::object(fields), bytes: self.bytes }))
    }

    /// What is selected on a type, in all these sets together.
    fn set(
        &mut self,
        parent: &'a MetaType,
        sets: &[&'a Positioned<SelectionSet>],
    ) -> Result<(Positioned<SelectionSet>, Fields), ServerError> {
        let position = sets.first().map(|set| set.pos).unwrap_or_default();
        let types = parent.possible_types().filter(|_| sets.iter().any(|set| collect::has_conditions(&set.node)));
        let Some(types) = types else {
            let (mut items, members) = self.members(parent, sets)?;
            if items.is_empty() {
                items.push(hidden(position));
            }
            return Ok((Positioned::new(SelectionSet { items }, position), Fields::Same(members)));
        };
        let mut items = vec![hidden(position)];
        let mut by_type = Vec::with_capacity(types.len());
        for name in types {
            let Some(object) = self.registry.types.get(name) else { continue };
            let (selected, members) = self.members(object, sets)?;
            if !selected.is_empty() {
                items.push(on(name, selected, position));
            }
            by_type.push((name.clone(), members));
        }
        Ok((Positioned::new(SelectionSet { items }, position), Fields::ByType(by_type)))
    }

    fn members(
        &mut self,
        parent: &'a MetaType,
        sets: &[&'a Positioned<SelectionSet>],
    ) -> Result<(Vec<Positioned<Selection>>, Members), ServerError> {
        let collected = self.collect(parent.name(), sets)?;
        let (mut items, mut members) = (Vec::with_capacity(collected.len()), Vec::with_capacity(collected.len()));
        for (key, fields) in collected {
            let Some((first, written)) = fields.first().zip(kind(Some(parent), &fields[0].node.name.node)) else {
                continue;
            };
            let inner = self.registry.types.get(MetaTypeName::concrete_typename(written));
            let (selection_set, within) = match inner.filter(|inner| inner.is_composite()) {
                Some(inner) => {
                    let sets: Vec<_> = fields.iter().map(|field| &field.node.selection_set).collect();
                    let (set, within) = self.set(inner, &sets)?;
                    (set, Some(within))
                }
                None => (Positioned::default(), None),
            };
            let arguments = self.arguments(&first.node.arguments)?;
            self.bytes += TOKEN + arguments.iter().map(|(_, value)| fill::bytes(&value.node)).sum::<usize>();
            let field = Field {
                alias: first.node.alias.clone(),
                name: first.node.name.clone(),
                arguments,
                directives: Vec::new(),
                selection_set,
            };
            items.push(Positioned::new(Selection::Field(Positioned::new(field, first.pos)), first.pos));
            members.push((key.clone(), Form::of(written, within)));
        }
        Ok((items, members))
    }
}

/// The name of the object's type, under a key that no document can ask for.
fn hidden(position: Pos) -> Positioned<Selection> {
    let named = |name: &str| Positioned::new(Name::new(name), position);
    let field = Field {
        alias: Some(named(HIDDEN)),
        name: named("__typename"),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::default(),
    };
    Positioned::new(Selection::Field(Positioned::new(field, position)), position)
}

fn on(name: &str, items: Vec<Positioned<Selection>>, position: Pos) -> Positioned<Selection> {
    let condition = TypeCondition { on: Positioned::new(Name::new(name), position) };
    let fragment = InlineFragment {
        type_condition: Some(Positioned::new(condition, position)),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items }, position),
    };
    Positioned::new(Selection::InlineFragment(Positioned::new(fragment, position)), position)
}
