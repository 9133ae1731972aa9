//! `.ci/deploy` installs what it checks with, on the machine of whoever runs it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::cluster::watched_dir;

/// Programs that the script finds in place of the machine's own. It ends where it asks for a directory to work in.
const PROGRAMS: [(&str, &str); 6] = [
    ("apt-get", "exit 0"),
    ("dpkg-query", "case \"$*\" in *haproxy*) printf 'install ok installed';; *) exit 1;; esac"),
    ("mktemp", "exit 1"),
    ("sudo", "exec \"$@\""),
    ("systemctl", "echo \"$*\" >>\"$STOPPED\""),
    ("systemd-analyze", "exit 0"),
];

#[test]
fn a_service_that_was_there_before_is_left_running() {
    let bin = watched_dir("ci-deploy");
    for (name, does) in PROGRAMS {
        fs::write(bin.join(name), format!("#!/bin/sh\n{does}\n")).expect("a file");
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).expect("a program");
    }
    for name in ["bash", "dirname", "grep", "id"] {
        let found =
            ["/usr/bin", "/bin"].map(|place| Path::new(place).join(name)).into_iter().find(|path| path.exists());
        symlink(found.expect("a program of every machine"), bin.join(name)).expect("a link");
    }
    let stopped = bin.join("stopped");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/deploy");
    let output = Command::new(script).env("PATH", &bin).env("STOPPED", &stopped).output().expect("it runs");
    let stopped = fs::read_to_string(stopped).unwrap_or_else(|error| panic!("nothing is stopped: {error} {output:?}"));
    assert_eq!(stopped.lines().collect::<Vec<_>>(), ["disable --now patroni", "disable --now etcd"]);
}
