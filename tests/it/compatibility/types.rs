//! Definitions of a schema by their names, and which types may take the place of which.

use std::collections::BTreeMap;

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ConstDirective, DirectiveDefinition, FieldDefinition, InputValueDefinition, Type, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};

/// A schema.
pub(super) struct Schema {
    pub(super) types: BTreeMap<String, TypeDefinition>,
    pub(super) directives: BTreeMap<String, DirectiveDefinition>,
}

/// Every server has these.
const SPECIFIED: [&str; 5] = ["deprecated", "include", "oneOf", "skip", "specifiedBy"];

impl Schema {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (mut types, mut directives) = (BTreeMap::new(), BTreeMap::new());
        for definition in parse_schema(text).ok()?.definitions {
            match definition {
                TypeSystemDefinition::Type(one) => _ = types.insert(one.node.name.node.to_string(), one.node),
                TypeSystemDefinition::Directive(one) => _ = directives.insert(one.node.name.node.to_string(), one.node),
                TypeSystemDefinition::Schema(_) => {}
            }
        }
        directives.retain(|name: &String, _| !SPECIFIED.contains(&name.as_str()));
        Some(Self { types, directives })
    }
}

/// As graphql-js calls it.
pub(super) fn kind(definition: &TypeDefinition) -> &'static str {
    match definition.kind {
        TypeKind::Scalar => "a Scalar type",
        TypeKind::Object(_) => "an Object type",
        TypeKind::Interface(_) => "an Interface type",
        TypeKind::Union(_) => "a Union type",
        TypeKind::Enum(_) => "an Enum type",
        TypeKind::InputObject(_) => "an Input type",
    }
}

/// By their names.
pub(super) fn fields(all: &[Positioned<FieldDefinition>]) -> BTreeMap<&str, &FieldDefinition> {
    all.iter().map(|field| (field.node.name.node.as_str(), &field.node)).collect()
}

/// Arguments, or fields of an input, by their names.
pub(super) fn inputs(all: &[Positioned<InputValueDefinition>]) -> BTreeMap<&str, &InputValueDefinition> {
    all.iter().map(|input| (input.node.name.node.as_str(), &input.node)).collect()
}

pub(super) fn is_required(input: &InputValueDefinition) -> bool {
    !input.ty.node.nullable && input.default_value.is_none()
}

pub(super) fn default(input: &InputValueDefinition) -> Option<String> {
    input.default_value.as_ref().map(|value| value.node.to_string())
}

/// The directives that say something to a caller, as text.
pub(super) fn directives(all: &[Positioned<ConstDirective>]) -> Vec<String> {
    let telling = all.iter().filter(|directive| directive.node.name.node != "deprecated");
    let text = |directive: &Positioned<ConstDirective>| {
        let arguments = directive.node.arguments.iter().map(|(name, value)| format!("{}: {}", name.node, value.node));
        format!("@{}({})", directive.node.name.node, arguments.collect::<Vec<_>>().join(", "))
    };
    let mut texts: Vec<_> = telling.map(text).collect();
    texts.sort_unstable();
    texts
}

/// Whether clients that expect the old type of a field can read the new one.
pub(super) fn may_be_read(old: &Type, new: &Type) -> bool {
    let base = match (&old.base, &new.base) {
        (BaseType::Named(old), BaseType::Named(new)) => old == new,
        (BaseType::List(old), BaseType::List(new)) => may_be_read(old, new),
        _ => false,
    };
    base && (old.nullable || !new.nullable)
}

/// Whether what clients send for the old type can be taken for the new one.
pub(super) fn may_be_sent(old: &Type, new: &Type) -> bool {
    let base = match (&old.base, &new.base) {
        (BaseType::Named(old), BaseType::Named(new)) => old == new,
        (BaseType::List(old), BaseType::List(new)) => may_be_sent(old, new),
        _ => false,
    };
    base && (new.nullable || !old.nullable)
}
