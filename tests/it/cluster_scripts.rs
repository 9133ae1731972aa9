//! The scripts of `deploy/cluster/`, where no cluster can be started. `down` runs as root, and finds what it stops by numbers in files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{geteuid, getuid};

use crate::support::cluster::watched_dir;
use crate::support::until;

/// The user as whom root starts the programs of a cluster.
const NOBODY: u32 = 65534;

/// A program that lasts until this is dropped.
struct Lasting(Child);

impl Lasting {
    /// Of this user and in this directory.
    fn start(user: u32, place: &Path) -> Self {
        let mut command = Command::new("sleep");
        command.arg("600").current_dir(place);
        if geteuid().is_root() {
            command.uid(user).gid(user);
        }
        Self(command.spawn().expect("it runs"))
    }

    fn is_alive(&mut self) -> bool {
        self.0.try_wait().expect("a status").is_none()
    }
}

impl Drop for Lasting {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn script(name: &str) -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/cluster").join(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_is_stopped_that_is_not_the_clusters() {
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
    fs::write(cluster.join("cluster"), "").expect("a file");
    let user = if geteuid().is_root() { NOBODY } else { getuid().as_raw() };
    let mut ours = Lasting::start(user, &cluster);
    let mut others = vec![Lasting::start(user, Path::new("/")), Lasting::start(user, &dir)];
    if geteuid().is_root() {
        others.push(Lasting::start(0, &cluster));
    }
    let name =
        |name: &str, program: &Lasting| fs::write(cluster.join(name), format!("{}\n", program.0.id())).expect("a file");
    name("run/portcullis-1.pid", &ours);
    let files = ["run/haproxy.pid", "data-1/postgres/postmaster.pid", "run/etcd-1.pid"];
    for (file, other) in files.iter().zip(&others) {
        name(file, other);
        chown(cluster.join(file), Some(user), None).expect("an owner");
    }
    let down = || {
        let mut command = script("down");
        command.env("PATH", &path).env("CLUSTER_DIR", &cluster).stderr(Stdio::piped());
        command.spawn().expect("it runs")
    };
    let downing = down();
    // A process that has ended is there until its parent asks how.
    until("ours is stopped", async || !ours.is_alive()).await;
    let output = downing.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(others.iter_mut().all(Lasting::is_alive), "another process was stopped: {said}");
    for other in &others {
        assert!(said.contains(&format!("process {} ", other.0.id())), "{said}");
    }
    assert_eq!(output.status.code(), Some(1), "{said}");
    for (file, other) in files.iter().zip(others) {
        assert_eq!(down().wait().expect("an end").code(), Some(1), "{file} names one that goes on");
        drop(other);
    }
    assert!(down().wait().expect("an end").success() && !cluster.exists());
}

#[test]
fn a_check_that_can_not_be_made_is_an_error_before_anything_is_started() {
    let cluster = watched_dir("cluster-try").join("cluster");
    let output = script("try").args(["/bin/true", "upgrade"]).env("CLUSTER_DIR", &cluster).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("--upgrade-to"), "{said}");
    assert!(!cluster.exists(), "nothing was started");
}

#[test]
fn a_directory_that_is_no_clusters_stays_and_so_does_what_a_link_leads_to() {
    let dir = watched_dir("cluster-other");
    let other = dir.join("documents");
    fs::create_dir(&other).expect("a directory");
    fs::write(other.join("letter"), "").expect("a file");
    std::os::unix::fs::symlink(&other, dir.join("link")).expect("a link");
    let refuses = |path: &Path| {
        let output = script("down").env("CLUSTER_DIR", path).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && other.join("letter").exists(), "{said}");
        said
    };
    assert!(refuses(&other).contains("was not made by"));
    fs::write(other.join("cluster"), "").expect("a file");
    assert!(refuses(&dir.join("link")).contains("symbolic link"));
    assert!(script("down").env("CLUSTER_DIR", dir.join("none")).status().expect("it runs").success());
}
