//! The examples of the GraphQL specification (October 2021), on our schema, each by the section that it is from.

mod documents;
mod variables;

use serde_json::Value;

use documents::DOCUMENTS;
use variables::with_variables;

/// All of them, with the values of their variables.
pub(super) fn requests(texts: &[String]) -> Vec<(String, Value)> {
    let mut requests: Vec<(String, Value)> = DOCUMENTS.iter().map(|text| ((*text).to_owned(), Value::Null)).collect();
    for (document, values) in with_variables() {
        requests.extend(values.into_iter().map(|values| (document.to_owned(), values)));
    }
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
