//! The parameters of a request, read by hand from the body of a POST or the query string of a GET.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The parameters of GraphQL over HTTP (section 5.2 and appendix A). The library's extractor is not used because it
/// accepts batches.
#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "an object with query or documentId, and optionally operationName, variables and extensions"
)]
pub(super) struct Parameters {
    pub(super) query: Option<String>,
    pub(super) document_id: Option<String>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Option<Map<String, Value>>,
    pub(super) extensions: Option<Map<String, Value>>,
}

/// Their names in a query string.
const NAMES: [&str; 5] = ["query", "documentId", "operationName", "variables", "extensions"];

impl Parameters {
    /// Reads the body of a POST.
    ///
    /// # Errors
    /// A sentence for the client. It names a position in the body and never quotes it.
    pub(super) fn of_body(body: &[u8]) -> Result<Self, String> {
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            return Err("Batches are not answered: send one operation a request.".to_owned());
        }
        serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            match error.classify() {
                serde_json::error::Category::Data => format!(
                    "The body is not a GraphQL request: an object with the string query or documentId, and \
                     optionally operationName, variables and extensions (line {line}, column {column})."
                ),
                _ => format!("The body is not JSON (line {line}, column {column})."),
            }
        })
    }

    /// Reads the query string of a GET, in the form of URLSearchParams (WHATWG URL Standard, section 5). Parameters
    /// with other names are ignored.
    ///
    /// # Errors
    /// A sentence for the client. It quotes nothing of the request.
    pub(super) fn of_query_string(query_string: &str) -> Result<Self, String> {
        let mut values = NAMES.map(|_| None);
        for pair in query_string.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name)?;
            let Some(place) = NAMES.iter().position(|known| *known == name) else { continue };
            if values[place].replace(decoded(value)?).is_some() {
                return Err(format!("The query string has {} twice.", NAMES[place]));
            }
        }
        let [query, others @ ..] = values;
        // An empty one counts as missing (GraphQL over HTTP, section 5.3).
        let [document_id, operation_name, variables, extensions] =
            others.map(|value| value.filter(|value| !value.is_empty()));
        Ok(Self {
            query,
            document_id,
            operation_name,
            variables: object("variables", variables)?,
            extensions: object("extensions", extensions)?,
        })
    }
}

/// A malformed string is refused. Browsers repair it instead, but two readers might repair it differently.
fn decoded(text: &str) -> Result<String, String> {
    let is_whole = |escape: &str| escape.bytes().take_while(u8::is_ascii_hexdigit).take(2).count() == 2;
    if !text.split('%').skip(1).all(is_whole) {
        return Err("The query string has a % that two hexadecimal digits do not follow.".to_owned());
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8().map(Cow::into_owned);
    decoded.map_err(|_| "The query string is not UTF-8.".to_owned())
}

fn object(name: &str, json: Option<String>) -> Result<Option<Map<String, Value>>, String> {
    let Some(json) = json else { return Ok(None) };
    serde_json::from_str(&json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => format!("In the query string {name} is not a JSON object."),
        _ => format!("In the query string {name} is not JSON (column {}).", error.column()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded::Serializer;

    use super::*;

    proptest! {
        #[test]
        fn what_a_client_writes_is_read_back(query in ".*", name in ".+", key in ".*", value in ".*") {
            let variables = serde_json::json!({ key: value });
            let written = Serializer::new(String::new())
                .append_pair("query", &query)
                .append_pair("variables", &variables.to_string())
                .append_pair("operationName", &name)
                .append_pair("x", &query)
                .finish();
            let read = Parameters::of_query_string(&written).map_err(TestCaseError::fail)?;
            prop_assert_eq!(read.query, Some(query));
            prop_assert_eq!(read.operation_name, Some(name));
            prop_assert_eq!(read.variables.map(Value::Object), Some(variables));
            prop_assert!(read.document_id.is_none() && read.extensions.is_none());
        }

        #[test]
        fn what_is_not_understood_is_not_quoted(query_string in "(query|variables|extensions)=[%a-z{}\\[\\]:\"&=+]*") {
            if let Err(message) = Parameters::of_query_string(&format!("{query_string}hunter2")) {
                prop_assert!(!message.contains("hunter2") && message.len() < 100, "{}", message);
            }
        }
    }
}
