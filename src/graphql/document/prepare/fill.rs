//! Arguments without the variables that were left out (GraphQL specification, sections 3.10 and 6.4.1).

use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::Value;

use super::Preparing;
use crate::graphql::document::TOKEN;
use crate::graphql::document::refusal::refusal;
use crate::graphql::error::Code;

/// Memory of a copy, estimated.
pub(super) fn bytes(value: &Value) -> usize {
    TOKEN
        + match value {
            Value::String(text) => text.len(),
            Value::List(values) => values.iter().map(bytes).sum(),
            Value::Object(fields) => fields.values().map(bytes).sum(),
            _ => 0,
        }
}

type Argument = (Positioned<Name>, Positioned<Value>);

impl Preparing<'_> {
    /// The arguments that have a value. The default of the schema holds for others.
    ///
    /// # Errors
    /// It depends on variables, and there are none yet.
    pub(super) fn arguments(&self, arguments: &[Argument]) -> Result<Vec<Argument>, ServerError> {
        let mut filled = Vec::with_capacity(arguments.len());
        for (name, value) in arguments {
            if let Some(value) = self.fill(&value.node)?.map(|filled| Positioned::new(filled, value.pos)) {
                filled.push((name.clone(), value));
            }
        }
        Ok(filled)
    }

    /// The value, if it has one. Variables that were given stay in it; the library puts their values in.
    fn fill(&self, value: &Value) -> Result<Option<Value>, ServerError> {
        Ok(Some(match value {
            Value::Variable(name) => return Ok(self.is_given(name)?.then(|| value.clone())),
            Value::List(values) => {
                let values = values.iter().map(|value| Ok(self.fill(value)?.unwrap_or(Value::Null)));
                Value::List(values.collect::<Result<_, ServerError>>()?)
            }
            Value::Object(fields) => {
                let fields =
                    fields.iter().map(|(name, value)| Ok(self.fill(value)?.map(|value| (name.clone(), value))));
                Value::Object(fields.filter_map(Result::transpose).collect::<Result<_, ServerError>>()?)
            }
            other => other.clone(),
        }))
    }

    fn is_given(&self, name: &Name) -> Result<bool, ServerError> {
        match (self.variables, self.definitions.get(name)) {
            (Some(variables), _) => Ok(variables.contains_key(name)),
            (None, Some(definition)) if definition.default_value.is_some() || !definition.var_type.node.nullable => {
                Ok(true)
            }
            (None, _) => {
                let message = format!("The value of ${name} is not known yet.");
                Err(refusal(message, Pos::default(), Code::InternalServerError))
            }
        }
    }
}
