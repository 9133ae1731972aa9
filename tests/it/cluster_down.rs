//! `deploy/cluster/down` runs as root, and finds what it stops by numbers in files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::{geteuid, getuid};

use crate::support::cluster::watched_dir;

/// The user as whom root starts the programs of a cluster.
const NOBODY: u32 = 65534;

/// A program that lasts, of this user and in this directory.
fn lasting(user: u32, place: &Path) -> Child {
    let mut command = Command::new("sleep");
    command.arg("600").current_dir(place);
    if geteuid().is_root() {
        command.uid(user).gid(user);
    }
    command.spawn().expect("it runs")
}

#[test]
fn no_process_is_stopped_that_is_not_the_clusters() {
    let dir = watched_dir("cluster-down");
    // It would take away the interfaces of a cluster that runs.
    let bin = dir.join("bin");
    fs::create_dir(&bin).expect("a directory");
    fs::write(bin.join("ip"), "#!/bin/sh\n").expect("a file");
    fs::set_permissions(bin.join("ip"), fs::Permissions::from_mode(0o755)).expect("a program");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a path"));

    let cluster = dir.join("cluster");
    fs::create_dir_all(cluster.join("run")).expect("a directory");
    fs::create_dir_all(cluster.join("data-1/postgres")).expect("a directory");
    let user = if geteuid().is_root() { NOBODY } else { getuid().as_raw() };
    let mut ours = lasting(user, &cluster);
    let mut others = vec![lasting(user, Path::new("/")), lasting(user, &dir)];
    if geteuid().is_root() {
        others.push(lasting(0, &cluster));
    }
    let name = |name: &str, child: &Child| fs::write(cluster.join(name), format!("{}\n", child.id())).expect("a file");
    name("run/portcullis-1.pid", &ours);
    for (file, other) in ["run/haproxy.pid", "data-1/postgres/postmaster.pid", "run/etcd-1.pid"].iter().zip(&others) {
        name(file, other);
        chown(cluster.join(file), Some(user), None).expect("an owner");
    }
    // Until its end is noticed, it is there.
    let ended = std::thread::spawn(move || ours.wait().expect("an end"));
    let down = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/cluster/down");
    let status = Command::new(down).env("PATH", path).env("CLUSTER_DIR", &cluster).status().expect("it runs");
    let alive: Vec<bool> = others.iter_mut().map(|other| other.try_wait().expect("a status").is_none()).collect();
    for other in &mut others {
        _ = other.kill();
        _ = other.wait();
    }
    assert!(status.success() && !cluster.exists(), "{status}");
    assert!(alive.iter().all(|alive| *alive), "another process was stopped: {alive:?}");
    assert!(!ended.join().expect("a thread").success(), "it is stopped by a signal");
}
