//! Values of TOML as the texts that flags and variables have, so that the same rules read them.

use toml::de::{DeInteger, DeValue};

use crate::config::form::Kind;

/// The text of a value for a setting of this kind.
///
/// # Errors
/// What it is and what is meant, without the value.
pub(super) fn text_of(kind: Kind, value: &DeValue<'_>) -> Result<String, String> {
    match (kind, value) {
        (_, DeValue::String(text)) => Ok(text.to_string()),
        (Kind::Number, DeValue::Integer(number)) => Ok(decimal(number)),
        (Kind::Switch, DeValue::Boolean(on)) => Ok((if *on { "on" } else { "off" }).to_owned()),
        (Kind::List, DeValue::Array(items)) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| list_item(item.get_ref())).collect();
            Ok(items?.join(","))
        }
        _ => Err(format!("it is {}, and must be {}", name(value), meant(kind))),
    }
}

fn list_item<'a>(item: &'a DeValue<'_>) -> Result<&'a str, String> {
    match item.as_str() {
        Some(text) if text.contains(',') => Err("an item of it holds a comma: write each item by itself".to_owned()),
        Some(text) => Ok(text),
        None => Err(format!("an item of it is {}, and must be text in quotes", name(item))),
    }
}

/// Of `0xff` as well.
fn decimal(number: &DeInteger<'_>) -> String {
    i128::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| number.to_string(), |value| value.to_string())
}

fn name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or a time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

fn meant(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Secret | Kind::File | Kind::Choice => "text in quotes",
        Kind::Number => "a whole number",
        Kind::Duration => "a duration in quotes, such as \"14d\"",
        Kind::Rate => "a rate in quotes, such as \"10/10m\"",
        Kind::Switch => "true or false",
        Kind::List => "an array of texts in quotes",
    }
}
