//! graphql-js, in a process of its own, which says whether it would have answered the same.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};

use crate::support::npm::Npm;

/// The process. Ends when dropped, since its input does.
pub(super) struct Reference {
    child: Child,
    lines: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

/// The folder with the reference, installed by the first test of this process that asks.
fn folder_or_explain() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let files = &["package.json", "package-lock.json", "reference.js"];
    let npm = Npm { folder: "graphql-js", files, package: "graphql" };
    FOLDER.get_or_init(|| npm.folder_or_explain()).as_deref()
}

impl Reference {
    /// The reference on this schema, with the values of this world.
    pub(super) fn start(schema: &str, world: &Value) -> Option<Self> {
        let folder = folder_or_explain()?;
        let mut node = Command::new("node");
        node.arg(folder.join("reference.js")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.spawn().expect("node runs");
        let input = child.stdin.take().expect("an input");
        let output = BufReader::new(child.stdout.take().expect("an output"));
        let reference = Self { child, lines: Mutex::new((input, output)) };
        reference.say(&json!({ "schema": schema, "world": world }));
        Some(reference)
    }

    /// What differs in the reference's own answer from this one, with that answer.
    pub(super) fn differs(&self, request: &Value, signed_in: bool, answer: &str) -> Option<String> {
        self.say(&json!({ "request": request, "signedIn": signed_in, "answer": answer }));
        let mut line = String::new();
        self.lines.lock().expect("no test failed").1.read_line(&mut line).expect("an answer of node");
        let verdict: Value = serde_json::from_str(&line).expect("JSON of node");
        verdict["difference"].as_str().map(|what| format!("{what}, graphql-js: {}", verdict["theirs"]))
    }

    fn say(&self, message: &Value) {
        let mut lines = self.lines.lock().expect("no test failed");
        writeln!(lines.0, "{message}").and_then(|()| lines.0.flush()).expect("node listens");
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
