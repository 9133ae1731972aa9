//! Goes through each operation with all that it spreads, and checks values against the types of their positions.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::registry::{__DirectiveLocation, MetaInputValue, MetaType, MetaTypeName, Registry};
use async_graphql::{Name, Positioned, ServerError};
use async_graphql_value::Value;

use super::values::Values;

/// What is wrong with values and variables, and with fields that the schema has without declaring them.
pub(super) fn errors(document: &ExecutableDocument, registry: &Registry) -> Vec<ServerError> {
    let mut errors = Vec::new();
    for (_, operation) in document.operations.iter() {
        let values = Values::new(registry, &operation.node.variable_definitions);
        let mut walk = Walk { document, registry, values, fragments: HashSet::new() };
        walk.operation(&operation.node);
        errors.append(&mut walk.values.errors);
    }
    errors
}

/// The type of an operation's root.
pub(in super::super) fn root<'a>(operation: &OperationDefinition, registry: &'a Registry) -> Option<&'a MetaType> {
    let name = match operation.ty {
        OperationType::Query => Some(&registry.query_type),
        OperationType::Mutation => registry.mutation_type.as_ref(),
        OperationType::Subscription => registry.subscription_type.as_ref(),
    };
    registry.types.get(name?)
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    registry: &'a Registry,
    values: Values<'a>,
    fragments: HashSet<&'a Name>,
}

type Arguments = [(Positioned<Name>, Positioned<Value>)];

impl<'a> Walk<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) {
        for definition in &operation.variable_definitions {
            self.directives(&definition.node.directives);
            for directive in &definition.node.directives {
                self.on_variable(directive);
            }
            if let Some(default) = &definition.node.default_value {
                let kind = definition.node.var_type.node.to_string();
                self.values.check(&default.node.clone().into_value(), &kind, false, default.pos);
            }
        }
        self.directives(&operation.directives);
        self.set(root(operation, self.registry), &operation.selection_set.node);
    }

    fn set(&mut self, parent: Option<&'a MetaType>, set: &'a SelectionSet) {
        for selection in &set.items {
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => self.field(parent, field),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(parent, |condition| self.named(&condition.node.on.node));
                    self.set(on, &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else { continue };
                    if self.fragments.insert(name) {
                        self.directives(&fragment.node.directives);
                        let on = self.named(&fragment.node.type_condition.node.on.node);
                        self.set(on, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn field(&mut self, parent: Option<&'a MetaType>, field: &'a Positioned<Field>) {
        let Field { name, arguments, selection_set, .. } = &field.node;
        match name.node.as_str() {
            "__typename" => {
                self.only(arguments, "");
                if !selection_set.node.items.is_empty() {
                    self.values.report("Field \"__typename\" must not have a selection.".to_owned(), field.pos);
                }
                return;
            }
            meta @ ("__schema" | "__type") => {
                self.only(arguments, if meta == "__type" { "name" } else { "" });
                for (_, value) in arguments {
                    self.values.check(&value.node, "String!", false, value.pos);
                }
                if parent.is_some_and(|parent| parent.name() != self.registry.query_type) {
                    let message = format!("Field \"{meta}\" can only be selected in a query.");
                    self.values.report(message, field.pos);
                }
                let kind = if meta == "__type" { "__Type" } else { "__Schema" };
                self.set(self.registry.types.get(kind), &selection_set.node);
                return;
            }
            _ => {}
        }
        let known = parent.and_then(|parent| parent.field_by_name(&name.node));
        if let Some(known) = known {
            self.arguments(&known.args, arguments);
        }
        let kind = known.and_then(|known| self.registry.types.get(MetaTypeName::concrete_typename(&known.ty)));
        self.set(kind, &selection_set.node);
    }

    /// No other argument than this.
    fn only(&mut self, arguments: &Arguments, allowed: &str) {
        for (name, _) in arguments.iter().filter(|(name, _)| name.node != allowed) {
            self.values.report(format!("Unknown argument \"{}\".", name.node), name.pos);
        }
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) {
        for directive in directives {
            if let Some(known) = self.registry.directives.get(directive.node.name.node.as_str()) {
                self.arguments(&known.args, &directive.node.arguments);
            }
        }
    }

    /// The library does not check the location of a directive on the definition of a variable.
    fn on_variable(&mut self, directive: &Positioned<Directive>) {
        let name = &directive.node.name.node;
        let known = self.registry.directives.get(name.as_str());
        let place = __DirectiveLocation::VARIABLE_DEFINITION;
        if !known.is_some_and(|known| known.locations.contains(&place)) {
            let message = format!("Directive \"@{name}\" may not be used on VARIABLE_DEFINITION.");
            self.values.report(message, directive.pos);
        }
    }

    /// The library reports arguments that are not known or missing.
    fn arguments(&mut self, known: &IndexMap<String, MetaInputValue>, arguments: &Arguments) {
        for (name, value) in arguments {
            if let Some(argument) = known.get(name.node.as_str()) {
                self.values.check(&value.node, &argument.ty, argument.default_value.is_some(), value.pos);
            }
        }
    }

    fn named(&self, name: &Name) -> Option<&'a MetaType> {
        self.registry.types.get(name.as_str())
    }
}
