use std::{fs, path::Path};

use rustix::process::{Pid, test_kill_process};

use super::child;

/// `postmaster.pid` of a cluster: line 1 is the process, line 4 its port, line 8 its state.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub pid: Pid,
    pub port: Option<u16>,
    pub ready: bool,
}

impl PidFile {
    /// `None` if there is none, or while it is being written.
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0).and_then(Pid::from_raw)?;
        let port = lines.nth(2).and_then(|port| port.trim().parse().ok());
        Some(Self { pid, port, ready: lines.nth(3).is_some_and(|state| state.trim() == "ready") })
    }
}

/// Whether `pid` lives and is the PostgreSQL of this cluster, run by `uid`. The file alone proves nothing. After a
/// crash or in a new container its number may belong to any other process. The user that runs PostgreSQL may write to
/// it, and could make root send signals to any process.
pub(super) fn is_postmaster(pid: Pid, cluster: &Path, uid: u32) -> bool {
    let Ok(cluster) = cluster.canonicalize() else { return false };
    if test_kill_process(pid).is_err() {
        return false;
    }
    if Path::new("/proc/self/cwd").exists() { by_proc(pid, &cluster, uid) } else { by_ps(pid, &cluster, uid) }
}

/// PostgreSQL works in the directory of its cluster.
fn by_proc(pid: Pid, cluster: &Path, uid: u32) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let process = Path::new("/proc").join(pid.to_string());
    fs::metadata(&process).is_ok_and(|found| found.uid() == uid)
        && fs::read_to_string(process.join("comm")).is_ok_and(|name| name.starts_with("postgres"))
        && fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == cluster)
}

fn by_ps(pid: Pid, cluster: &Path, uid: u32) -> bool {
    let mut ps = child::command("ps", Path::new("/"));
    ps.args(["-o", "uid=,command=", "-p", &pid.to_string()]);
    let Ok(output) = ps.output() else { return false };
    let line = String::from_utf8_lossy(&output.stdout);
    let Some((owner, command)) = line.trim().split_once(char::is_whitespace) else { return false };
    owner.parse() == Ok(uid) && command.contains("postgres") && command.contains(&*cluster.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_is_ready_only_when_its_eighth_line_says_so() {
        let text = "4711\n/data\n1700000000\n5432\n/run\n\n  5432001  0\n";
        let pid = Pid::from_raw(4711).unwrap();
        let file = |ready| Some(PidFile { pid, port: Some(5432), ready });
        assert_eq!(PidFile::parse(text), file(false));
        assert_eq!(PidFile::parse(&format!("{text}starting\n")), file(false));
        assert_eq!(PidFile::parse(&format!("{text}ready   \n")), file(true));
        assert_eq!(PidFile::parse("4711\n"), Some(PidFile { pid, port: None, ready: false }));
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("-12\n"), None);
    }

    #[test]
    fn a_living_process_that_is_no_postgresql_is_not_taken_for_one() {
        let uid = rustix::process::geteuid().as_raw();
        assert!(!is_postmaster(rustix::process::getpid(), &std::env::current_dir().unwrap(), uid));
    }
}
