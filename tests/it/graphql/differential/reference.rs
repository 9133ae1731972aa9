//! graphql-js, in a process of its own, which says whether it would have answered the same.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};

/// Where the reference is, with the exact versions of what it needs.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/graphql-js");

/// The process. Ends when dropped, since its input does.
pub(super) struct Reference {
    child: Child,
    lines: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

/// A folder with the reference and what it needs. Where that is not installed, and can't be, a test can't run: it says so, and is
/// over; or fails, where nothing may be left out.
fn folder_or_explain() -> Option<PathBuf> {
    let installed = |folder: &Path| folder.join("node_modules/graphql/package.json").is_file();
    let given = PathBuf::from(FOLDER);
    if installed(&given) {
        return Some(given);
    }
    // The tree may be one that we can only read.
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("graphql-js");
    let install = || {
        fs::create_dir_all(&copy).ok()?;
        for file in ["package.json", "package-lock.json", "reference.js"] {
            fs::copy(given.join(file), copy.join(file)).ok()?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&copy).stdin(Stdio::null());
        npm.status().ok().filter(|status| status.success() && installed(&copy))
    };
    if install().is_none() {
        assert!(
            std::env::var_os("PORTCULLIS_TEST_ALL").is_none(),
            "graphql-js is not installed, and npm does not install it"
        );
        eprintln!("NOT TESTED: there is no graphql-js on this machine (in tests/graphql-js: npm ci)");
        return None;
    }
    Some(copy)
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
