//! The committed collections are what is written here.

use std::collections::BTreeMap;

use super::requests::requests;
use super::{bruno, insomnia, postman};
use crate::generated::{compare, files};

const FOLDER: &str = "collections";

/// Each file of the collections, by its path.
fn collections() -> BTreeMap<String, String> {
    let requests = requests();
    let bruno = bruno::files(&requests).into_iter().map(|(path, text)| (format!("{FOLDER}/bruno/{path}"), text));
    let others = [("postman.json", postman::collection(&requests)), ("insomnia.json", insomnia::export(&requests))];
    bruno.chain(others.map(|(name, content)| (format!("{FOLDER}/{name}"), format!("{content:#}\n")))).collect()
}

#[test]
fn the_collections_are_what_the_requests_make() {
    let collections = collections();
    for (path, text) in &collections {
        compare(path, text);
    }
    let sources = ["collections/requests.json", "collections/operations/"];
    let committed: Vec<_> =
        files(FOLDER).into_iter().filter(|path| !sources.iter().any(|source| path.starts_with(source))).collect();
    assert_eq!(committed, collections.into_keys().collect::<Vec<_>>(), "a file that nothing writes: remove it");
}
