use std::{
    fs::{self, File},
    os::unix::process::CommandExt as _,
};

use super::{
    EmbeddedError, Installation, Options, access, layout::Layout, leftover, listen::Endpoint, postmaster::Postmaster,
    user::RunUser,
};

/// Our settings, in addition to those of [`Endpoint`]. DETAIL lines in the log would have e-mail addresses, and
/// statements could have anything.
const SETTINGS: [&str; 12] = [
    "unix_socket_permissions=0700",
    "max_connections=100",
    "huge_pages=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_destination=stderr",
    "logging_collector=off",
    "log_statement=none",
    "log_min_duration_statement=-1",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "lc_messages=C",
];

/// Starts `postgres` itself, without pg_ctl, so that our child is the postmaster. Its output goes to `log`.
pub(super) fn spawn(
    layout: &Layout,
    installation: &Installation,
    user: &RunUser,
    options: &Options,
    endpoint: &Endpoint,
    log: File,
) -> Result<Postmaster, EmbeddedError> {
    let program = installation.program("postgres");
    let mut command = user.command(&program, &layout.cluster);
    command.arg("-D").arg(&layout.cluster);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.arg("-c").arg(access::setting(layout));
    for setting in endpoint.settings() {
        command.arg("-c").arg(setting);
    }
    for (name, value) in &options.settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    leftover::disregard_stale(&mut command, &layout.cluster, user);
    // Nobody else uses this directory, and a stale lock file of the socket may name the number of another process as
    // well.
    for entry in fs::read_dir(&layout.run).into_iter().flatten().flatten() {
        _ = fs::remove_file(entry.path());
    }
    // It has a process group of its own, so that Ctrl-C in the terminal reaches only us, and we stop PostgreSQL after
    // the last query.
    command.process_group(0);
    let output = log.try_clone().map_err(EmbeddedError::file("open", &layout.log))?;
    let child = command.stdout(output).stderr(log).spawn();
    child.map(Postmaster::new).map_err(|source| EmbeddedError::Run { program, user: user.name(), source })
}
