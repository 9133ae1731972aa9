//! The weight of an operation, with the values of its variables.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use async_graphql::{Name, Value, Variables};

use super::variables::whole;
use super::weights::{Weight, weight};

/// The weight of an operation.
pub(super) struct Complexity {
    pub(super) weight: u64,
    /// Whether another value of a variable could change it.
    pub(super) varies: bool,
}

/// Deepest nesting of lists in an introspection query. Tools query the arguments of fields of types. With one level
/// more, a short document would have an answer of a million fields.
const LISTS: usize = 3;

/// Weighs `operation`, each fragment once. The document must have been measured: it has no cycles and is not too deep.
pub(super) fn weigh(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    registry: &Registry,
) -> Complexity {
    let root = match operation.ty {
        OperationType::Query => Some(registry.query_type.as_str()),
        OperationType::Mutation => registry.mutation_type.as_deref(),
        OperationType::Subscription => registry.subscription_type.as_deref(),
    };
    let mut scale = Scale { document, operation, variables, registry, fragments: HashMap::new(), varies: false };
    let load = scale.set(root.and_then(|root| registry.types.get(root)), &operation.selection_set.node);
    Complexity { weight: load.weight, varies: scale.varies }
}

/// The weight of a part of an operation.
#[derive(Clone, Copy, Default)]
struct Load {
    weight: u64,
    /// Lists within lists of the schema's description.
    lists: usize,
}

impl Load {
    fn and(self, other: Self) -> Self {
        Self { weight: self.weight.saturating_add(other.weight), lists: self.lists.max(other.lists) }
    }

    fn times(self, times: u64) -> Self {
        Self { weight: self.weight.saturating_mul(times), ..self }
    }

    fn plus(self, weight: u64) -> Self {
        self.and(Self { weight, lists: 0 })
    }
}

struct Scale<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    registry: &'a Registry,
    fragments: HashMap<&'a Name, Load>,
    varies: bool,
}

impl<'a> Scale<'a> {
    /// The weight of selections on a type. A field that the schema does not have weighs 1, and validation refuses it.
    fn set(&mut self, parent: Option<&'a MetaType>, set: &'a SelectionSet) -> Load {
        let loads = set.items.iter().map(|selection| match &selection.node {
            Selection::Field(field) => self.field(parent, &field.node),
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                let on = condition.map_or(parent, |condition| self.named(&condition.node.on.node));
                self.set(on, &fragment.node.selection_set.node).plus(1)
            }
            Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node).plus(1),
        });
        loads.fold(Load::default(), Load::and)
    }

    fn fragment(&mut self, name: &'a Name) -> Load {
        if let Some(load) = self.fragments.get(name) {
            return *load;
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Load::default() };
        let on = self.named(&fragment.node.type_condition.node.on.node);
        let load = self.set(on, &fragment.node.selection_set.node);
        self.fragments.insert(name, load);
        load
    }

    fn field(&mut self, parent: Option<&'a MetaType>, field: &'a Field) -> Load {
        let name = field.name.node.as_str();
        let kind = match name {
            "__schema" => self.registry.types.get("__Schema"),
            "__type" => self.registry.types.get("__Type"),
            _ => parent
                .and_then(|parent| parent.field_by_name(name))
                .and_then(|known| self.registry.types.get(MetaTypeName::concrete_typename(&known.ty))),
        };
        let inner = self.set(kind, &field.selection_set.node);
        match parent.map_or(Weight::Flat(1), |parent| weight(parent.name(), name)) {
            Weight::Flat(own) => inner.plus(own),
            Weight::List(_) if inner.lists == LISTS => Load { weight: u64::MAX, lists: LISTS },
            Weight::List(times) => Load { lists: inner.lists + 1, ..inner.times(times).plus(1) },
            Weight::Connection { argument, usual, most } => {
                let times = self.number(field, argument).unwrap_or(usual).clamp(1, most);
                inner.times(times).plus(1)
            }
        }
    }

    fn named(&self, name: &Name) -> Option<&'a MetaType> {
        self.registry.types.get(name.as_str())
    }

    /// The value of an argument. If it is a variable, the variable's value or its default. `None` if it is missing or
    /// null.
    fn number(&mut self, field: &Field, argument: &str) -> Option<u64> {
        let given = field.get_argument(argument)?.node.clone();
        let value = given.into_const_with(|name| {
            self.varies = true;
            let definition = self.operation.variable_definitions.iter().find(|known| known.node.name.node == name);
            let default = || definition.and_then(|known| known.node.default_value().cloned());
            Ok::<_, ()>(self.variables.get(&name).cloned().or_else(default).unwrap_or(Value::Null))
        });
        match value.ok()? {
            // The value is not coerced yet.
            Value::Number(number) => whole(&number).and_then(|number| u64::try_from(number).ok()),
            _ => None,
        }
    }
}
