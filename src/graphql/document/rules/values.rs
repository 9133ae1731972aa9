//! Checks that values have the types of their positions, and variables have types that their positions permit
//! (GraphQL specification, sections 5.6 and 5.8.5).

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::VariableDefinition;
use async_graphql::registry::{MetaInputValue, MetaType, MetaTypeName, Registry};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::{ConstValue, Value};

use crate::graphql::document::refusal::refusal;
use crate::graphql::error::Code;

/// The values of one operation. Errors never quote a value, because it may be a password.
pub(super) struct Values<'a> {
    registry: &'a Registry,
    definitions: HashMap<&'a str, &'a VariableDefinition>,
    pub(super) errors: Vec<ServerError>,
}

impl<'a> Values<'a> {
    pub(super) fn new(registry: &'a Registry, definitions: &'a [Positioned<VariableDefinition>]) -> Self {
        let by_name = |definition: &'a Positioned<VariableDefinition>| {
            let definition = &definition.node;
            (definition.name.node.as_str(), definition)
        };
        Self { registry, definitions: definitions.iter().map(by_name).collect(), errors: Vec::new() }
    }

    pub(super) fn report(&mut self, message: String, position: Pos) {
        self.errors.push(refusal(message, position, Code::GraphqlValidationFailed));
    }

    /// Checks a value against the type `wanted` of its position, which may have a default.
    pub(super) fn check(&mut self, value: &Value, wanted: &str, has_default: bool, position: Pos) {
        if let Value::Variable(name) = value {
            return self.variable(name, wanted, has_default, position);
        }
        let fits = match (MetaTypeName::create(wanted), value) {
            (MetaTypeName::NonNull(_), Value::Null) => false,
            (MetaTypeName::NonNull(inner), _) => return self.check(value, inner, false, position),
            (_, Value::Null) => true,
            (MetaTypeName::List(inner), Value::List(values)) => {
                return values.iter().for_each(|value| self.check(value, inner, false, position));
            }
            (MetaTypeName::List(inner), _) => return self.check(value, inner, false, position),
            (MetaTypeName::Named(name), _) => match (self.registry.types.get(name), value) {
                (Some(MetaType::InputObject { input_fields, oneof, .. }), Value::Object(fields)) => {
                    if *oneof {
                        self.one_of(name, fields, position);
                    }
                    return self.object(name, input_fields, fields, position);
                }
                (Some(MetaType::Enum { enum_values, .. }), Value::Enum(chosen)) => {
                    enum_values.contains_key(chosen.as_str())
                }
                (Some(MetaType::Scalar { is_valid, .. }), _) => scalar(name, value).unwrap_or_else(|| {
                    let constant = value.clone().into_const();
                    constant.is_none_or(|value| is_valid.as_ref().is_none_or(|is_valid| is_valid(&value)))
                }),
                _ => false,
            },
        };
        if !fits {
            self.report(format!("Expected a value of type \"{wanted}\"."), position);
        }
    }

    fn object(
        &mut self,
        name: &str,
        known: &'a IndexMap<String, MetaInputValue>,
        fields: &IndexMap<Name, Value>,
        position: Pos,
    ) {
        for field in fields.keys().filter(|field| !known.contains_key(field.as_str())) {
            self.report(format!("Field \"{field}\" is not defined by type \"{name}\"."), position);
        }
        for field in known.values() {
            match fields.get(field.name.as_str()) {
                Some(value) => self.check(value, &field.ty, field.default_value.is_some(), position),
                None if is_required(field) => {
                    let MetaInputValue { name: field, ty, .. } = field;
                    let message = format!("Field \"{name}.{field}\" of required type \"{ty}\" was not provided.");
                    self.report(message, position);
                }
                None => {}
            }
        }
    }

    /// GraphQL specification of September 2025, sections 3.10.1 and 5.8.5: exactly one field of a `@oneOf`, which is not null. A variable
    /// may not be null either, whatever its default is.
    fn one_of(&mut self, name: &str, fields: &IndexMap<Name, Value>, position: Pos) {
        let message = match fields.iter().collect::<Vec<_>>()[..] {
            [(field, Value::Null)] => format!("Field \"{name}.{field}\" must not be null."),
            [(_, Value::Variable(variable))] => match self.definitions.get(variable.as_str()) {
                Some(definition) if definition.var_type.node.nullable => format!(
                    "Variable \"${variable}\" of type \"{}\" must not be nullable where it is a field of \"{name}\".",
                    definition.var_type.node
                ),
                _ => return,
            },
            [_] => return,
            _ => format!("Exactly one field of \"{name}\" must be given."),
        };
        self.report(message, position);
    }

    /// GraphQL specification, section 5.8.5. The library has reported variables that are not defined.
    fn variable(&mut self, name: &Name, wanted: &str, has_default: bool, position: Pos) {
        let Some(definition) = self.definitions.get(name.as_str()) else { return };
        let given = definition.var_type.node.to_string();
        let default = definition.default_value.as_ref();
        let filled = has_default || default.is_some_and(|default| default.node != ConstValue::Null);
        let asked = match MetaTypeName::create(wanted) {
            MetaTypeName::NonNull(inner) if filled && !given.ends_with('!') => inner,
            _ => wanted,
        };
        if !fits(&given, asked) {
            let message =
                format!("Variable \"${name}\" of type \"{given}\" used in position expecting type \"{wanted}\".");
            self.report(message, position);
        }
    }
}

/// Whether the field is required.
pub(in super::super) fn is_required(field: &MetaInputValue) -> bool {
    field.ty.ends_with('!') && field.default_value.is_none()
}

/// Whether a variable of one type can stand where another is wanted.
fn fits(given: &str, wanted: &str) -> bool {
    match (MetaTypeName::create(given), MetaTypeName::create(wanted)) {
        (MetaTypeName::NonNull(given), MetaTypeName::NonNull(wanted)) => fits(given, wanted),
        (_, MetaTypeName::NonNull(_)) => false,
        (MetaTypeName::NonNull(given), _) => fits(given, wanted),
        (MetaTypeName::List(given), MetaTypeName::List(wanted)) => fits(given, wanted),
        (MetaTypeName::Named(given), MetaTypeName::Named(wanted)) => given == wanted,
        _ => false,
    }
}

/// Whether a literal is one of a scalar that the specification defines.
fn scalar(name: &str, value: &Value) -> Option<bool> {
    Some(match (name, value) {
        ("Int", Value::Number(number)) => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        ("ID", Value::Number(number)) => !number.is_f64(),
        ("Float", Value::Number(_)) | ("String" | "ID", Value::String(_)) | ("Boolean", Value::Boolean(_)) => true,
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => false,
        _ => return None,
    })
}
