use std::path::Path;

use super::{
    EmbeddedError,
    layout::Layout,
    listen::Endpoint,
    password,
    pidfile::{PidFile, is_postmaster},
    user::RunUser,
};

/// The URL of the private PostgreSQL that the server on `data_dir` runs, for a command beside that server. It has the
/// password, so never log it. `None` if there is no such server, or its PostgreSQL is not ready yet.
pub fn url_of_running(data_dir: &Path) -> Result<Option<String>, EmbeddedError> {
    let layout = Layout::new(data_dir)?;
    if !layout.data_dir.exists() {
        return Ok(None);
    }
    let user = RunUser::choose(&layout.cluster)?;
    layout.check_is_ours(&user)?;
    // If nobody holds the lock, it is left over from a server that was killed, and the next server stops it.
    if !layout.is_locked()? {
        return Ok(None);
    }
    let Some(PidFile { pid, port: Some(port), ready: true }) = PidFile::read(&layout.cluster) else { return Ok(None) };
    if !is_postmaster(pid, &layout.cluster, user.uid) {
        return Ok(None);
    }
    // The file also names the directory of the socket. That is known already, and the user that runs PostgreSQL could
    // write another one.
    let endpoint = Endpoint::running(&layout.run, port);
    Ok(password::read(&layout)?.map(|password| endpoint.url(&password)))
}
