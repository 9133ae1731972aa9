//! The examples of the GraphQL specification (October 2021), on our schema, each by the section that it is from.

mod documents;
mod variables;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::Value;

use documents::DOCUMENTS;
use variables::with_variables;

/// All that there is to ask about a type.
fn described(name: &str, is_interface: bool) -> String {
    // The library says null of an interface.
    let interfaces = if is_interface { "" } else { "interfaces { name }" };
    let value =
        "name description defaultValue type { kind name ofType { kind name ofType { kind name ofType { name } } } }";
    format!(
        "{{ __type(name: \"{name}\") {{ kind name description specifiedByURL isOneOf possibleTypes {{ name }} {interfaces} \
         enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} inputFields {{ {value} }} \
         fields(includeDeprecated: true) {{ name description isDeprecated deprecationReason args {{ {value} }} \
         type {{ kind name ofType {{ kind name ofType {{ kind name ofType {{ name }} }} }} }} }} }} }}"
    )
}

/// Those of our schema, and whether they are interfaces.
fn types() -> impl Iterator<Item = (String, bool)> {
    let document = parse_schema(portcullis::graphql::sdl()).expect("a schema");
    document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(kind) => {
            Some((kind.node.name.node.to_string(), matches!(kind.node.kind, TypeKind::Interface(_))))
        }
        _ => None,
    })
}

/// All of them, with the values of their variables.
pub(super) fn requests(texts: &[String]) -> Vec<(String, Value)> {
    let mut requests: Vec<(String, Value)> = DOCUMENTS.iter().map(|text| ((*text).to_owned(), Value::Null)).collect();
    for (document, values) in with_variables() {
        requests.extend(values.into_iter().map(|values| (document.to_owned(), values)));
    }
    requests.extend(types().map(|(name, is_interface)| (described(&name, is_interface), Value::Null)));
    for text in texts {
        let session = format!(
            "{{ me {{ sessions(first: 2, after: \"{text}\") {{ nodes {{ id }} pageInfo {{ hasNextPage }} }} }} }}"
        );
        let refresh = format!(
            "mutation {{ refreshToken(input: {{ refreshToken: \"{text}\" }}) {{ ... on RefreshTokenSuccess {{ user {{ id sessions {{ nodes {{ current }} }} }} \
             tokens {{ tokenType refreshToken }} user {{ sessions {{ nodes {{ id }} }} roles }} }} ... on UserError {{ code }} __typename }} }}"
        );
        requests.extend([(session, Value::Null), (refresh, Value::Null)]);
    }
    requests
}
