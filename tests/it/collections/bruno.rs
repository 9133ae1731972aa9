//! Bruno's folder of `.bru` files.

use std::fmt::Write;

use serde_json::json;

use super::requests::{ABOUT, Request, VARIABLES};
use super::scripts::Names;

const NAMES: Names = Names {
    test: "test",
    expect: "expect",
    status: "res.getStatus()",
    body: "res.getBody()",
    set: "bru.setVar",
    set_for_run: None,
};

/// The files of the collection, with their paths in its folder.
pub(super) fn files(requests: &[Request]) -> Vec<(String, String)> {
    let collection = json!({ "version": "1", "name": "Portcullis", "type": "collection" });
    // What the scripts set is not part of an environment here.
    let by_hand = VARIABLES.iter().filter(|(name, _)| ["baseUrl", "email", "password"].contains(name));
    let variables: Vec<_> = by_hand.map(|(name, value)| format!("{name}: {value}").trim_end().to_owned()).collect();
    let mut files = vec![
        ("bruno.json".to_owned(), format!("{collection:#}\n")),
        ("collection.bru".to_owned(), block("docs", &[ABOUT.to_owned()])),
        ("environments/Local.bru".to_owned(), block("vars", &variables)),
    ];
    files.extend((1..).zip(requests).map(|(place, request)| (format!("{}.bru", request.name), file(place, request))));
    files
}

fn file(place: usize, request: &Request) -> String {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let auth = if request.signed_in { "bearer" } else { "none" };
    let token = if request.signed_in { lines("token: {{accessToken}}") } else { Vec::new() };
    let blocks = [
        ("meta", lines(&format!("name: {}\ntype: graphql\nseq: {place}", request.name))),
        ("post", lines(&format!("url: {{{{baseUrl}}}}/graphql\nbody: graphql\nauth: {auth}"))),
        ("auth:bearer", token),
        ("body:graphql", lines(&request.document)),
        ("body:graphql:vars", lines(&request.variables())),
        ("script:pre-request", NAMES.before(request)),
        ("script:post-response", NAMES.keeping(request)),
        ("tests", NAMES.tests(request)),
        ("docs", lines(&request.description())),
    ];
    let blocks = blocks.into_iter().filter(|(_, lines)| !lines.is_empty());
    blocks.map(|(name, lines)| block(name, &lines)).collect::<Vec<_>>().join("\n")
}

fn block(name: &str, lines: &[String]) -> String {
    let mut text = format!("{name} {{\n");
    for line in lines {
        writeln!(text, "{}", format!("  {line}").trim_end()).expect("text");
    }
    text + "}\n"
}
