//! What the collections send, and what is expected of the answers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::generated::committed;

/// The variables that every collection starts with. Scripts set those without a value.
pub(super) const VARIABLES: [(&str, &str); 8] = [
    ("baseUrl", "http://127.0.0.1:8080"),
    ("email", ""),
    ("password", "correct horse battery staple"),
    ("username", ""),
    ("accessToken", ""),
    ("refreshToken", ""),
    ("firstSessionId", ""),
    ("link", "pcl_what-stands-in-the-mail"),
];

/// What a collection tells about itself.
pub(super) const ABOUT: &str = "Every operation of Portcullis. Run the requests from top to bottom: the first registers an account \
    with a random address (where the server runs with PORTCULLIS_EMAIL_VERIFICATION=off; elsewhere the variable link takes what \
    stands in the mail), each sign-in passes its tokens on, and the last deletes the account.";

/// A request of `collections/requests.json`, in the order in which they are run.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Request {
    pub(super) name: String,
    /// The name of a document in `collections/operations/`.
    operation: String,
    /// The text of the document.
    #[serde(skip)]
    pub(super) document: String,
    /// Names in braces stand for variables of the collection.
    pub(super) variables: Option<Value>,
    /// Whether the access token is sent.
    #[serde(default)]
    pub(super) signed_in: bool,
    /// Whether a random name is chosen before.
    #[serde(default)]
    pub(super) new_account: bool,
    /// Which type stands at which place of the data, or `null`.
    #[serde(default)]
    pub(super) expect: BTreeMap<String, String>,
    /// The reason why the request must be refused, if it must.
    pub(super) refused: Option<String>,
    /// Which variables take which values of the data.
    #[serde(default)]
    pub(super) keep: BTreeMap<String, String>,
}

impl Request {
    /// The variables of the document, as text for people.
    pub(super) fn variables(&self) -> String {
        self.variables.as_ref().map(|variables| format!("{variables:#}")).unwrap_or_default()
    }

    /// The comment at the head of the document.
    pub(super) fn description(&self) -> String {
        let lines = self.document.lines().map_while(|line| line.strip_prefix('#'));
        lines.map(str::trim).collect::<Vec<_>>().join(" ")
    }
}

pub(super) fn requests() -> Vec<Request> {
    let mut requests: Vec<Request> = serde_json::from_str(&committed("collections/requests.json")).expect("requests");
    for request in &mut requests {
        request.document = committed(&format!("collections/operations/{}.graphql", request.operation));
        assert!(request.expect.is_empty() == request.refused.is_some(), "{}: what is expected?", request.name);
    }
    requests
}
