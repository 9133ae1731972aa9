use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use super::child;

/// The oldest PostgreSQL that is supported.
pub(super) const OLDEST_MAJOR: u32 = 14;

/// A directory that holds both `initdb` and `postgres`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Installation {
    /// The directory of its programs.
    pub bin_dir: PathBuf,
    /// Its major version.
    pub major: u32,
}

impl Installation {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }

    /// `None` unless both programs exist, `postgres` runs, and it is not too old.
    pub(super) fn at(bin_dir: PathBuf) -> Option<Self> {
        let postgres = bin_dir.join("postgres");
        if !bin_dir.join("initdb").is_file() || !postgres.is_file() {
            return None;
        }
        let major = major_of(&output(&postgres, "--version")?)?;
        (major >= OLDEST_MAJOR).then_some(Self { bin_dir, major })
    }
}

/// The directories `<parent>/<prefix><version>/bin` of all versions.
pub(super) fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix(prefix)?.split('.').map(str::parse).collect();
            Some((version, entry.path().join("bin")))
        })
        .filter_map(|(version, bin): (Result<Vec<u32>, _>, _)| Some((version.ok()?, bin)))
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, bin)| bin).collect()
}

pub(super) fn output(program: impl AsRef<OsStr>, argument: &str) -> Option<String> {
    let output = child::command(program, Path::new("/")).arg(argument).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `… 18beta1` and the like.
fn major_of(version: &str) -> Option<u32> {
    let word = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    word.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major_of;

    #[test]
    fn the_major_version_is_read_from_any_build() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("postgres (EnterpriseDB Advanced Server)"), None);
    }
}
