use std::path::Path;

use super::{
    EmbeddedError,
    layout::Layout,
    listen::Endpoint,
    password,
    pidfile::{PidFile, is_postmaster},
    user::RunUser,
};

/// For a command beside a server: the URL of the private PostgreSQL that the server on `data_dir` runs, password included:
/// never log it. `None` when there is no such server, or its PostgreSQL is not ready yet.
pub fn url_of_running(data_dir: &Path) -> Result<Option<String>, EmbeddedError> {
    let layout = Layout::new(data_dir)?;
    if !layout.data_dir.exists() {
        return Ok(None);
    }
    let user = RunUser::choose(&layout.cluster)?;
    layout.check_is_ours(&user)?;
    // Without the lock it is left over from a server that was killed, and the next one stops it.
    if !layout.is_locked()? {
        return Ok(None);
    }
    let Some(PidFile { pid, port: Some(port), ready: true }) = PidFile::read(&layout.cluster) else { return Ok(None) };
    if !is_postmaster(pid, &layout.cluster, user.uid) {
        return Ok(None);
    }
    // The file also names the socket's directory. It is known, and whoever runs PostgreSQL could write another.
    let endpoint = Endpoint::running(&layout.run, port);
    Ok(password::read(&layout)?.map(|password| endpoint.url(&password)))
}
