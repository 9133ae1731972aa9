//! graphql-js, in a process of its own, which says whether it would have answered the same.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};

/// Where the reference is, with the exact versions of what it needs.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/graphql-js");

/// The process. Ends when dropped, since its input does.
pub(super) struct Reference {
    child: Child,
    lines: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

/// What makes the reference.
const FILES: [&str; 3] = ["package.json", "package-lock.json", "reference.js"];

/// The folder with the reference and what it needs, installed by the first test of this process that asks. Where that is not
/// installed, and can't be, a test can't run: it says so, and is over; or fails, where nothing may be left out.
fn folder_or_explain() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(folder).as_deref();
    if folder.is_none() {
        assert!(
            std::env::var_os("PORTCULLIS_TEST_ALL").is_none(),
            "graphql-js is not installed, and npm does not install it"
        );
        eprintln!("NOT TESTED: there is no graphql-js on this machine (in tests/graphql-js: npm ci)");
    }
    folder
}

fn folder() -> Option<PathBuf> {
    let given = Path::new(FOLDER);
    if is_installed(given) {
        return Some(given.to_owned());
    }
    // The tree may be one that we can only read. Each state of it has a folder of its own, which is whole once it is there.
    let mut hasher = DefaultHasher::new();
    for file in FILES {
        fs::read(given.join(file)).ok()?.hash(&mut hasher);
    }
    let name = format!("graphql-js-{:016x}", hasher.finish());
    let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
    if is_installed(&installed) {
        return Some(installed);
    }
    let unfinished = installed.with_file_name(format!("{name}.{}", std::process::id()));
    fs::create_dir_all(&unfinished).ok()?;
    for file in FILES {
        fs::copy(given.join(file), unfinished.join(file)).ok()?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&unfinished).stdin(Stdio::null());
    let succeeded = npm.status().is_ok_and(|status| status.success());
    // Another process may have been faster.
    if !succeeded || fs::rename(&unfinished, &installed).is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    is_installed(&installed).then_some(installed)
}

/// Whether the folder has the graphql-js that its lock file names.
fn is_installed(folder: &Path) -> bool {
    let read = |file: &str| serde_json::from_slice::<Value>(&fs::read(folder.join(file)).ok()?).ok();
    let installed = read("node_modules/graphql/package.json");
    let locked = read("package-lock.json");
    installed.zip(locked).is_some_and(|(installed, locked)| {
        installed["version"].is_string()
            && installed["version"] == locked["packages"]["node_modules/graphql"]["version"]
    })
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
