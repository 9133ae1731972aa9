//! Programs for node, in folders of their own with the exact versions of what they need.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A folder of `tests`.
pub(crate) struct Npm {
    pub(crate) folder: &'static str,
    /// What it consists of.
    pub(crate) files: &'static [&'static str],
    /// The package that it needs.
    pub(crate) package: &'static str,
}

impl Npm {
    /// The folder with what it needs, installed by the first test that asks. Where that is not installed, and can't be, a test
    /// can't run: it says so, and is over; or fails, where nothing may be left out.
    pub(crate) fn folder_or_explain(&self) -> Option<PathBuf> {
        let folder = self.installed();
        if folder.is_none() {
            let Self { folder, package, .. } = self;
            assert!(
                std::env::var_os("PORTCULLIS_TEST_ALL").is_none(),
                "{package} is not installed, and npm does not install it"
            );
            eprintln!("NOT TESTED: there is no {package} on this machine (in tests/{folder}: npm ci)");
        }
        folder
    }

    fn installed(&self) -> Option<PathBuf> {
        let given = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).join(self.folder);
        if self.is_installed(&given) {
            return Some(given);
        }
        // The tree may be one that we can only read. Each state of it has a folder of its own, which is whole once it is there.
        let name = format!("{}-{:016x}", self.folder, digest(&given, self.files)?);
        let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
        if self.is_installed(&installed) {
            return Some(installed);
        }
        let unfinished = installed.with_file_name(format!("{name}.{}", std::process::id()));
        fs::create_dir_all(&unfinished).ok()?;
        for file in self.files {
            fs::copy(given.join(file), unfinished.join(file)).ok()?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&unfinished).stdin(Stdio::null());
        let succeeded = npm.status().is_ok_and(|status| status.success());
        // Another process may have been faster.
        if !succeeded || fs::rename(&unfinished, &installed).is_err() {
            let _ = fs::remove_dir_all(&unfinished);
        }
        self.is_installed(&installed).then_some(installed)
    }

    /// Whether the folder has the package that its lock file names.
    fn is_installed(&self, folder: &Path) -> bool {
        let read = |file: &str| serde_json::from_slice::<Value>(&fs::read(folder.join(file)).ok()?).ok();
        let place = format!("node_modules/{}", self.package);
        let installed = read(&format!("{place}/package.json"));
        let locked = read("package-lock.json");
        installed.zip(locked).is_some_and(|(installed, locked)| {
            installed["version"].is_string() && installed["version"] == locked["packages"][&place]["version"]
        })
    }
}

/// A number that is another one for other contents of these files.
pub(crate) fn digest(folder: &Path, files: &[&str]) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(folder.join(file)).ok()?.hash(&mut hasher);
    }
    Some(hasher.finish())
}
