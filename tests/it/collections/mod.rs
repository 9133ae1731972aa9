//! The collections for Postman, Insomnia and Bruno: each is written from `collections/requests.json` and the documents in
//! `collections/operations/`, which are also the tabs of GraphiQL.

mod bruno;
mod generated;
mod insomnia;
mod postman;
mod requests;
mod scripts;

use std::collections::BTreeSet;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, Selection};

use crate::generated::{committed, files, root_fields};
use requests::requests;

/// The documents in `collections/operations/`, by their path.
fn documents() -> Vec<(String, String)> {
    let documents: Vec<_> =
        files("collections/operations").into_iter().map(|path| (path.clone(), committed(&path))).collect();
    assert!(!documents.is_empty());
    documents
}

#[test]
fn every_root_field_has_a_document_and_each_document_one_operation() {
    let mut asked = BTreeSet::new();
    for (path, text) in documents() {
        let document = parse_query(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let DocumentOperations::Multiple(operations) = document.operations else { panic!("{path}: without a name") };
        let [(name, operation)] = operations.iter().collect::<Vec<_>>()[..] else {
            panic!("{path}: not one operation")
        };
        assert_eq!(path, format!("collections/operations/{name}.graphql"));
        for selection in &operation.node.selection_set.node.items {
            let Selection::Field(field) = &selection.node else { panic!("{path}: not a field") };
            asked.insert(field.node.name.node.to_string());
        }
    }
    let all: BTreeSet<_> = root_fields().into_iter().map(|(name, _)| name).collect();
    assert_eq!(asked, all);
}

#[test]
fn every_document_is_sent_by_a_request() {
    let sent: BTreeSet<_> = requests().into_iter().map(|request| request.document).collect();
    let all: BTreeSet<_> = documents().into_iter().map(|(_, text)| text).collect();
    assert_eq!(sent, all);
}

#[test]
fn every_document_is_in_the_page_that_the_server_holds() {
    let page = committed("src/http/endpoints/graphiql/dist/graphiql.js");
    for (path, text) in documents() {
        assert!(
            page.contains(&text),
            "{path} has changed: build src/http/endpoints/graphiql anew (npm ci, npm run build)"
        );
    }
}
