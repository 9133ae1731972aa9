//! Reading the documents that the operator registers.

use std::sync::Arc;

use async_graphql::{ObjectType, Request};

use super::extension::Documents;
use super::registered::{Registered, RegisteringDocument};
use crate::config::Bounds;
use crate::config::Manifest;
use crate::error::Error;
use crate::graphql::host::Host;

/// Reads all documents of a manifest, and those that a page of the server sends: parses, measures and validates each. One of
/// ours that is over the operator's bounds stops no start, because other applications work without it.
///
/// # Errors
/// [`Error::Internal`] with a line for the operator about each of the manifest that would be refused.
pub(crate) async fn registered<Q: ObjectType + 'static, M: ObjectType + 'static>(
    manifest: &Manifest,
    bounds: Bounds,
    host: &Host<Q, M>,
    ours: &[(&str, &str)],
) -> Result<Registered, Error> {
    let schema = crate::graphql::measured(host, Documents::new(bounds, None, false, host)).finish();
    let mut registered = Registered::default();
    let mut faults = Vec::new();
    let of_manifest = manifest.0.iter().map(|(name, text)| (name.as_str(), text.as_str(), false));
    for (name, text, is_ours) in of_manifest.chain(ours.iter().map(|(name, text)| (*name, *text, true))) {
        let registration = Arc::new(RegisteringDocument::default());
        let response = schema.execute(Request::new(text).data(registration.clone())).await;
        let why = response.errors.first().map_or("it is refused", |error| error.message.as_str());
        match registration.sound() {
            Some(document) if is_ours => registered.add_unnamed(text, document),
            Some(document) => registered.add(name, text, document),
            None if is_ours => tracing::warn!(document = name, why, "the page behind links can't send this document"),
            None => faults.push(format!("\n  {} ({name}): {why}", operation_name(text))),
        }
    }
    if faults.is_empty() {
        return Ok(registered);
    }
    Err(Error::internal(format!(
        "PORTCULLIS_PERSISTED_DOCUMENTS has documents that can't be answered:{}",
        faults.concat()
    )))
}

/// The name of the document's first operation, as far as it can be found in a text that may not be GraphQL.
fn operation_name(text: &str) -> &str {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if matches!(word, "query" | "mutation" | "subscription") {
            return words.next().unwrap_or("an operation without a name");
        }
    }
    "an operation without a name"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails by panicking")]

    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::graphql::document::name::Named;

    #[tokio::test]
    async fn each_copy_of_a_long_string_counts_as_memory() {
        let time = Duration::from_secs(1);
        let bounds = Bounds {
            tokens: 1000,
            nesting: 99,
            depth: 9,
            complexity: 9999,
            aliases: 9,
            root_fields: 9,
            directives: 9,
            time,
        };
        let long = "x".repeat(1_000_000);
        let text = format!(
            "{{ me {{ ...F }} b: me {{ ...F }} c: me {{ ...F }} }} \
             fragment F on User {{ sessions(after: \"{long}\") {{ nodes {{ id }} }} }}"
        );
        let manifest = Manifest(Arc::new(BTreeMap::from([("a".to_owned(), text)])));
        let registered = registered(&manifest, bounds, &Host::default(), &[]).await.expect("a sound document");
        let bytes = registered.find("", Some(&Named("a".to_owned()))).expect("the document").bytes;
        // The text, what was parsed, and each place in what was prepared.
        assert!((5_000_000..5_100_000).contains(&bytes), "{bytes}");
    }
}
