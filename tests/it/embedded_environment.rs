//! What the programs of the private PostgreSQL learn of the server's environment.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::app::SECRET;
use crate::support::cluster::watched_dir;
use crate::support::process::{Server, command, postmaster, run};

/// All that a program may find, and what a shell adds by itself.
const KNOWN: [&str; 10] = [
    "PATH",
    "TMPDIR",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "NSS_WRAPPER_PASSWD",
    "NSS_WRAPPER_GROUP",
    "PWD",
    "SHLVL",
    "_",
];

/// Credentials of the kind that an environment has.
const SECRETS: [(&str, &str); 8] = [
    ("PORTCULLIS_SECRET", SECRET),
    ("PORTCULLIS_SECRET_PREVIOUS", "the-secret-before-that-one-of-32-bytes"),
    ("PGPASSWORD", "hunter2"),
    ("PGOPTIONS", "-c log_statement=all"),
    ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ("SMTP_URL", "smtp://ada:hunter2@mail.example.com"),
    ("LANGUAGE", "de"),
    ("HTTPS_PROXY", "http://ada:hunter2@proxy.example.com"),
];

fn names(environment: &str, separator: char) -> BTreeSet<String> {
    environment.split(separator).filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect()
}

fn unknown(environment: &str, separator: char) -> Vec<String> {
    names(environment, separator).into_iter().filter(|name| !KNOWN.contains(&name.as_str())).collect()
}

/// The postmaster and its children: what works in the cluster's directory.
fn processes_in(cluster: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let inside = processes.filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == cluster));
    inside.filter_map(|process| fs::read_to_string(process.path().join("environ")).ok()).collect()
}

#[test]
fn a_running_postgresql_knows_nothing_of_the_servers_environment() {
    let dir = watched_dir("environ");
    let data_dir = ("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"));
    let server = Server::start(&[&SECRETS[..], &[data_dir, ("PORTCULLIS_ARGON2_MEMORY_KIB", "64")]].concat());
    assert!(postmaster(&dir).is_some());
    let environments = processes_in(&dir.join("postgres"));
    assert!(environments.len() >= 3, "the postmaster and its children");
    for environment in &environments {
        assert_eq!(unknown(environment, '\0'), [""; 0]);
    }
    // Most write their titles over it.
    assert!(environments.iter().any(|environment| names(environment, '\0').contains("PATH")));
    server.stop();
}

/// An installation whose programs write down what they find before they do their work, and a `pg_config` that points to it.
/// Each writes a file of its own into `notes`.
fn telltale_installation(dir: &Path, notes: &Path) -> String {
    let real = std::process::Command::new("sh")
        .args(["-c", "ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1"])
        .output()
        .expect("a directory");
    let real = String::from_utf8(real.stdout).expect("UTF-8").trim().to_owned();
    let real = if real.is_empty() { "/usr/bin".to_owned() } else { real };
    let (bin, notes) = (dir.display(), notes.display());
    let script = |last: &str| format!("#!/bin/sh\nenv > {notes}/$(basename \"$0\")-$$\n{last}\n");
    let program = |name: &str| script(&format!("exec {real}/{name} \"$@\""));
    for (name, text) in [
        ("initdb", program("initdb")),
        ("postgres", program("postgres")),
        ("pg_config", script(&format!("echo {bin}"))),
    ] {
        let path = dir.join(name);
        fs::write(&path, text).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    format!("{bin}:{}", std::env::var("PATH").expect("a path"))
}

/// `pg_config` and `postgres --version` that look for it, `initdb`, `postgres --single` and `postgres`.
#[test]
fn every_program_of_a_first_start_knows_nothing_of_the_servers_environment() {
    let (bin, notes, dir) = (watched_dir("telltale"), watched_dir("notes"), watched_dir("first-environ"));
    for open in [&bin, &notes] {
        fs::set_permissions(open, fs::Permissions::from_mode(0o777)).expect("a mode");
    }
    let path = telltale_installation(&bin, &notes);
    let data_dir = ("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"));
    let environment = [&SECRETS[..], &[data_dir, ("PATH", path.as_str())]].concat();
    let (status, _, errors) = run(&["migrate"], &environment);
    assert!(status.success(), "{errors}");
    let mut told = BTreeSet::new();
    for note in fs::read_dir(&notes).expect("notes").flatten() {
        let name = note.file_name().into_string().expect("UTF-8");
        let program = name.split('-').next().expect("a name").to_owned();
        let environment = fs::read_to_string(note.path()).expect("a note");
        assert_eq!(unknown(&environment, '\n'), [""; 0], "{program}");
        told.insert((program, environment.contains("PATH=")));
    }
    let all = ["initdb", "pg_config", "postgres"].map(|program| (program.to_owned(), true));
    assert_eq!(told.into_iter().collect::<Vec<_>>(), all);
}

/// Whether it makes a command of the operating system's, and not one of clap's.
fn starts_programs(source: &Path) -> bool {
    let text = fs::read_to_string(source).expect("a source");
    text.contains("Command::new(") && (text.contains("process::Command") || text.contains("process::{"))
}

#[test]
fn one_place_starts_programs() {
    let mut places = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                // Tests are in no server.
                folders.extend(Some(path).filter(|path| !path.ends_with("tests")));
            } else if path.extension().is_some_and(|extension| extension == "rs") && starts_programs(&path) {
                places.push(path);
            }
        }
    }
    assert_eq!(places, [Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db/embedded/child.rs")]);
}

/// Where `PATH` is unset too: PostgreSQL in the usual places is found all the same.
#[test]
fn a_server_without_any_environment_starts_its_postgresql() {
    let dir = watched_dir("bare");
    let mut bare = command(&[]);
    bare.env_clear().env("PORTCULLIS_DATA_DIR", &dir).arg("migrate");
    let output = bare.output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
