//! The values of an operation's variables (GraphQL specification, section 6.1.2).

use async_graphql::parser::types::OperationDefinition;
use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use async_graphql::{Number, Pos, ServerError, Value, Variables};

use super::refusal::refusal;
use super::rules::is_required;
use crate::graphql::error::Code;

/// Gives each variable that was left out its default, and checks each value against the variable's type. A variable
/// that is left out and has no default stays out.
///
/// # Errors
/// The first variable that is required and missing, or has a value of another type. The value is not quoted.
pub(super) fn coerce(
    operation: &OperationDefinition,
    variables: &mut Variables,
    registry: &Registry,
) -> Result<(), ServerError> {
    for definition in &operation.variable_definitions {
        let (position, definition) = (definition.pos, &definition.node);
        let name = &definition.name.node;
        match (variables.get_mut(name), &definition.default_value) {
            (Some(Value::Null), _) | (None, None) if definition.var_type.node.nullable => {}
            (Some(Value::Null), _) | (None, None) => {
                return Err(refused(format!("The variable ${name} is required."), position));
            }
            (None, Some(default)) => {
                variables.insert(name.clone(), default.node.clone());
            }
            (Some(value), _) => {
                let kind = definition.var_type.node.to_string();
                fit(value, &kind, registry).map_err(|Unfit { path, why }| {
                    let path: String = path.into_iter().rev().collect();
                    refused(format!("The variable \"${name}{path}\" has a wrong value: {why}."), position)
                })?;
            }
        }
    }
    Ok(())
}

fn refused(message: String, position: Pos) -> ServerError {
    refusal(message, position, Code::BadUserInput)
}

/// What is wrong with a value, and the path to it, the innermost step first.
struct Unfit {
    path: Vec<String>,
    why: String,
}

impl Unfit {
    fn because(why: String) -> Self {
        Self { path: Vec::new(), why }
    }

    fn at(mut self, step: String) -> Self {
        self.path.push(step);
        self
    }
}

/// Checks a value against a type. A whole number is an `Int`, however it is written.
fn fit(value: &mut Value, wanted: &str, registry: &Registry) -> Result<(), Unfit> {
    let inner = match (MetaTypeName::create(wanted), &mut *value) {
        (MetaTypeName::NonNull(_), Value::Null) => {
            return Err(Unfit::because(format!("it must not be null, its type is \"{wanted}\"")));
        }
        (_, Value::Null) => return Ok(()),
        (MetaTypeName::NonNull(inner), _) => inner,
        (MetaTypeName::List(inner), Value::List(values)) => {
            let mut values = values.iter_mut().enumerate();
            return values.try_for_each(|(index, value)| {
                fit(value, inner, registry).map_err(|unfit| unfit.at(format!("[{index}]")))
            });
        }
        (MetaTypeName::List(inner), _) => inner,
        (MetaTypeName::Named(name), value) => return fit_named(value, name, registry),
    };
    fit(value, inner, registry)
}

fn fit_named(value: &mut Value, name: &str, registry: &Registry) -> Result<(), Unfit> {
    let wrong = || Unfit::because(format!("expected type \"{name}\""));
    let fits = match (registry.types.get(name), &*value) {
        (Some(MetaType::InputObject { .. }), Value::Object(_)) => return fit_object(value, name, registry),
        (Some(MetaType::Enum { enum_values, .. }), Value::String(chosen)) => enum_values.contains_key(chosen.as_str()),
        (Some(MetaType::Scalar { is_valid, .. }), _) => match name {
            "Int" | "ID" if matches!(value, Value::Number(_)) => {
                return be_whole(value, name == "ID").ok_or_else(wrong);
            }
            "Float" => matches!(value, Value::Number(_)),
            "String" | "ID" => matches!(value, Value::String(_)),
            "Boolean" => matches!(value, Value::Boolean(_)),
            "Int" => false,
            _ => is_valid.as_ref().is_none_or(|is_valid| is_valid(value)),
        },
        _ => false,
    };
    if fits { Ok(()) } else { Err(wrong()) }
}

/// The value as a whole number, however it is written.
pub(super) fn whole(number: &Number) -> Option<i64> {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9.0e15 => Some(float as i64),
        _ => number.as_i64(),
    }
}

/// Converts a number to a whole one. It must have 32 bits, unless any length is permitted.
fn be_whole(value: &mut Value, long: bool) -> Option<()> {
    let Value::Number(number) = value else { return None };
    match whole(number) {
        Some(whole) if long || i32::try_from(whole).is_ok() => *value = Value::from(whole),
        None if long && number.is_u64() => {}
        _ => return None,
    }
    Some(())
}

fn fit_object(value: &mut Value, name: &str, registry: &Registry) -> Result<(), Unfit> {
    let (Value::Object(fields), Some(MetaType::InputObject { input_fields, oneof, .. })) =
        (value, registry.types.get(name))
    else {
        return Ok(());
    };
    // The name is not quoted, because a client may have sent a value in its place.
    if fields.keys().any(|field| !input_fields.contains_key(field.as_str())) {
        return Err(Unfit::because(format!("it has a field that is not defined by type \"{name}\"")));
    }
    for known in input_fields.values() {
        let step = |unfit: Unfit| unfit.at(format!(".{}", known.name));
        match fields.get_mut(known.name.as_str()) {
            Some(value) => fit(value, &known.ty, registry).map_err(step)?,
            None if is_required(known) => {
                let why = format!("it is left out, and its type is \"{}\"", known.ty);
                return Err(step(Unfit::because(why)));
            }
            None => {}
        }
    }
    // GraphQL specification of September 2025, section 3.10.1.
    if *oneof && (fields.len() != 1 || fields.values().any(|value| *value == Value::Null)) {
        return Err(Unfit::because(format!("exactly one field of type \"{name}\" must be given, and not be null")));
    }
    Ok(())
}
