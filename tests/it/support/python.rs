//! Programs for Python, in folders of their own with the exact versions of what they need.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

use super::npm::digest;

/// A folder of `tests` with a `requirements.txt`.
pub(crate) struct Pip {
    pub(crate) folder: &'static str,
    /// The module that it needs.
    pub(crate) module: &'static str,
}

impl Pip {
    /// A Python that has the module. Where there is none, and none can be made, a test says so and is over; or fails, where nothing
    /// may be left out.
    pub(crate) fn python_or_explain(&self) -> Option<PathBuf> {
        static FOUND: LazyLock<Mutex<HashMap<&'static str, Option<PathBuf>>>> = LazyLock::new(Mutex::default);
        let mut found = FOUND.lock().expect("no test failed");
        let python = found.entry(self.folder).or_insert_with(|| self.python()).clone();
        if python.is_none() {
            let Self { folder, module } = self;
            assert!(
                std::env::var_os("PORTCULLIS_TEST_ALL").is_none(),
                "{module} is not installed, and pip does not install it"
            );
            eprintln!("NOT TESTED: there is no {module} on this machine (tests/{folder}; Debian: python3-venv)");
        }
        python
    }

    fn python(&self) -> Option<PathBuf> {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).join(self.folder);
        let inside = "venv/bin/python";
        if self.is_in(&folder.join(inside)) {
            return Some(folder.join(inside));
        }
        let name = format!("{}-{:016x}", self.folder, digest(&folder, &["requirements.txt"])?);
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let python = made.join(inside);
        if self.is_in(&python) {
            return Some(python);
        }
        let run = |program: &Path, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).current_dir(&folder).stdin(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let venv = made.join("venv");
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"];
        let is_made = run(Path::new("python3"), &["-m", "venv", venv.to_str()?]) && run(&python, &install);
        (is_made && self.is_in(&python)).then_some(python)
    }

    fn is_in(&self, python: &Path) -> bool {
        let mut command = Command::new(python);
        command.args(["-c", &format!("import {}", self.module)]).stdin(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}
