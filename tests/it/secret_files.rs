//! Secrets from files, and variables that are no setting.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::app::{SECRET, settings};
use crate::support::cluster::watched_dir;
use crate::support::database::TestDatabase;
use crate::support::process::{Server, command, run, shell};

/// Each setting that holds a secret, and something that it takes.
const SECRETS: [(&str, &str); 4] = [
    ("PORTCULLIS_SECRET", SECRET),
    ("PORTCULLIS_SECRET_PREVIOUS", SECRET),
    ("DATABASE_URL", "postgres://ada:hunter2@127.0.0.1:1/x"),
    ("PORTCULLIS_DATABASE_DIRECT_URL", "postgres://ada:hunter2@127.0.0.1:1/x"),
];

fn written(dir: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, content).expect("a file");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The flag of a variable.
fn flag(name: &str) -> String {
    format!("--{}", name.trim_start_matches("PORTCULLIS_").to_lowercase().replace('_', "-"))
}

/// What is wrong with the settings when the files hold this.
fn faults(files: &[(&str, &Path)]) -> String {
    let dir = watched_dir("secrets");
    let data_dir = ("PORTCULLIS_DATA_DIR", text(&dir));
    let named: Vec<_> = files.iter().map(|(name, path)| (format!("{name}_FILE"), text(path).to_owned())).collect();
    let environment: Vec<_> =
        named.iter().map(|(name, path)| (name.as_str(), path.as_str())).chain([data_dir]).collect();
    let (status, out, errors) = run(&["serve"], &environment);
    assert!(!status.success() && out.is_empty(), "{out}");
    errors
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_takes_its_secrets_from_files_as_editors_and_tools_write_them() {
    let database = TestDatabase::new().await;
    let dir = watched_dir("secrets");
    let ada = {
        let url = written(&dir, "url", &database.url);
        let secret = written(&dir, "secret", SECRET);
        let server = Server::start(&[("DATABASE_URL_FILE", text(&url)), ("PORTCULLIS_SECRET_FILE", text(&secret))]);
        let ada = server.client().register("ada@example.com").await;
        server.stop();
        ada
    };
    for (before, after) in [("", "\n"), ("", "\r\n"), ("\u{feff}", ""), ("\u{feff}", "\r\n")] {
        let url = written(&dir, "url", format!("{before}{}{after}", database.url));
        let secret = written(&dir, "secret", format!("{before}{SECRET}{after}"));
        let server = Server::start(&[("DATABASE_URL_FILE", text(&url)), ("PORTCULLIS_SECRET_FILE", text(&secret))]);
        assert_eq!(server.client().with_token(ada.access_token()).is_signed_in().await, Ok(()), "{after:?}");
        server.stop();
    }
    // What else stands in the file is the secret's own.
    for other in
        [format!(" {SECRET}"), format!("{SECRET} "), format!("{SECRET}\n\n"), format!("\u{feff}\u{feff}{SECRET}")]
    {
        let secret = written(&dir, "secret", &other);
        let (status, _, errors) =
            run(&[], &[("DATABASE_URL", &database.url), ("PORTCULLIS_SECRET_FILE", text(&secret))]);
        assert!(
            !status.success() && errors.contains("PORTCULLIS_SECRET does not open the keys"),
            "{other:?}: {errors}"
        );
    }
}

#[test]
fn each_secret_has_a_file_by_variable_and_by_flag() {
    let dir = watched_dir("secrets");
    let file =
        |name: &str| written(&dir, name, format!("{}\n", SECRETS.iter().find(|(one, _)| *one == name).expect("one").1));
    let flags: Vec<_> = SECRETS.iter().map(|(name, _)| format!("{}-file={}", flag(name), text(&file(name)))).collect();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let config = settings(&flags).check().expect("settings");
    assert_eq!(format!("{:?}", config.database), "External(127.0.0.1:1/x, directly 127.0.0.1:1/x)");
    assert!(config.secret_previous.is_some());
    let named: Vec<_> = SECRETS.iter().map(|(name, _)| (format!("{name}_FILE"), file(name))).collect();
    let at_once = ("PORTCULLIS_DATABASE_WAIT", "0s");
    let environment: Vec<_> = named.iter().map(|(name, path)| (name.as_str(), text(path))).chain([at_once]).collect();
    let (status, _, errors) = run(&["serve"], &environment);
    assert!(!status.success() && errors.contains("127.0.0.1:1/x"), "it is on its way to the database: {errors}");
    assert!(!errors.contains("hunter2") && !errors.contains(SECRET), "{errors}");
}

#[test]
fn a_secret_that_is_set_twice_is_refused() {
    let dir = watched_dir("secrets");
    let path = written(&dir, "file", SECRET);
    for (name, value) in SECRETS {
        let beside = format!("{name}_FILE");
        let (status, _, errors) =
            run(&["serve"], &[(name, value), (&beside, text(&path)), ("PORTCULLIS_DATA_DIR", text(&dir))]);
        assert!(!status.success() && errors.contains(&format!("  {beside}: {name} is set as well")), "{errors}");
        assert!(!errors.contains("hunter2") && !errors.contains(SECRET), "{errors}");
    }
    let flags = ["--data-dir=/x", "--secret", SECRET, "--secret-file", text(&path)];
    assert!(settings(&flags).check().is_err());
    // An empty one is none.
    assert!(settings(&["--data-dir=/x", "--secret=", "--secret-file", text(&path)]).check().is_ok());
    assert!(settings(&["--data-dir=/x", "--secret", SECRET, "--secret-file="]).check().is_ok());
}

#[test]
fn files_that_hold_no_secret_are_told_at_once_without_what_they_hold() {
    let dir = watched_dir("secrets");
    let fifo = dir.join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    let bad: [(PathBuf, &str); 9] = [
        (dir.join("nowhere"), "can't be read"),
        (dir.clone(), "can't be read"),
        (written(&dir, "empty", ""), "is empty"),
        (written(&dir, "line", "\n"), "is empty"),
        (written(&dir, "mark", "\u{feff}\r\n"), "is empty"),
        (written(&dir, "latin", b"hunter2 hunter2 hunter2 hunter2 hunter2 \xe4"), "not text in UTF-8"),
        (written(&dir, "utf16", b"\xff\xfeh\0u\0n\0t\0e\0r\x002\0"), "not text in UTF-8"),
        (written(&dir, "large", "hunter2 ".repeat(100_000)), "more than 65536 bytes"),
        (PathBuf::from("/dev/zero"), "more than 65536 bytes"),
    ];
    for (path, why) in &bad {
        let all: Vec<_> = SECRETS.iter().map(|(name, _)| (*name, path.as_path())).collect();
        let errors = faults(&all);
        for (name, _) in SECRETS {
            let told = errors.lines().find(|line| line.starts_with(&format!("  {name}_FILE: "))).unwrap_or_default();
            assert!(told.contains(why), "{name} {}: {errors}", path.display());
        }
        assert!(!errors.contains("hunter2"), "{errors}");
        assert!(!errors.contains("must be set"), "what is set and at fault is told once: {errors}");
    }
    // A FIFO that nobody writes to.
    let errors = faults(&[("PORTCULLIS_SECRET", &fifo)]);
    assert!(errors.contains("PORTCULLIS_SECRET_FILE: ") && errors.contains("within"), "{errors}");
    // What an address never has; and a secret where the name of a file should be.
    for content in
        ["postgres://ada:hunter2@db/x\n\n", "postgres://ada:hunter2@db/x\nhunter2", "postgres://ada:hunter2@db/x\0"]
    {
        let errors = faults(&[("DATABASE_URL", &written(&dir, "url", content))]);
        assert!(errors.contains("DATABASE_URL_FILE: ") && errors.contains("control character"), "{errors}");
        assert!(!errors.contains("hunter2"), "{errors}");
    }
    let errors = faults(&[("DATABASE_URL", Path::new("postgres://ada:hunter2@db/x"))]);
    assert!(errors.contains("DATABASE_URL_FILE: ") && !errors.contains("hunter2"), "{errors}");
}

#[test]
fn a_secret_comes_through_a_pipe() {
    // Process substitution is bash's.
    let script = "exec bash -c 'exec \"$0\" serve --database-url-file <(echo postgres://ada:hunter2@127.0.0.1:1/x) \
        --secret-file <(sleep 0.3; printf %s \"$S\")' \"$0\"";
    let output = shell(script, &[("PORTCULLIS_DATABASE_WAIT", "0s")])
        .env("S", SECRET)
        .stderr(Stdio::piped())
        .output()
        .expect("an end");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("the database at 127.0.0.1:1/x can't be used"), "{errors}");
}

#[test]
fn help_shows_no_name_of_a_file_from_the_environment() {
    // Somebody who takes one variable for the other.
    let names: Vec<_> = SECRETS.iter().map(|(name, _)| format!("{name}_FILE")).collect();
    let environment: Vec<_> = names.iter().map(|name| (name.as_str(), "hunter2")).collect();
    let (status, help, _) = run(&["--help"], &environment);
    assert!(status.success() && !help.contains("hunter2"), "{help}");
    assert!(names.iter().all(|name| help.contains(name)), "{help}");
}

/// Variables that are no setting, and what was meant.
const UNKNOWN: [(&str, &str); 6] = [
    ("PORTCULLIS_SECRT", "PORTCULLIS_SECRET"),
    ("PORTCULLIS_ISSUER_URL", "PORTCULLIS_ISSUER"),
    ("PORTCULLIS_TRUSTED_PROXY", "PORTCULLIS_TRUSTED_PROXIES"),
    ("PORTCULLIS_SECRETFILE", "PORTCULLIS_SECRET_FILE"),
    ("portcullis_listen", "PORTCULLIS_LISTEN"),
    ("PORTCULLIS_DATABASE_URL", "DATABASE_URL"),
];

/// Those of the tests, and those that Kubernetes makes of services with such names.
const KNOWN: [(&str, &str); 8] = [
    ("PORTCULLIS_TEST_ALL", "hunter2"),
    ("PORTCULLIS_SERVICE_HOST", "10.0.0.1"),
    ("PORTCULLIS_SERVICE_PORT", "80"),
    ("PORTCULLIS_SERVICE_PORT_HTTP", "80"),
    ("PORTCULLIS_PORT", "tcp://10.0.0.1:80"),
    ("PORTCULLIS_PORT_80_TCP", "tcp://10.0.0.1:80"),
    ("PORTCULLIS_PORT_80_TCP_ADDR", "10.0.0.1"),
    ("PORTCULLIS_DB_SERVICE_HOST", "10.0.0.2"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_is_no_setting_is_told_with_the_nearest_name() {
    let database = TestDatabase::new().await;
    let unknown = UNKNOWN.iter().map(|(name, _)| (*name, "hunter2"));
    let sound = [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let environment: Vec<_> = sound.into_iter().chain(unknown).chain(KNOWN).collect();
    let log = Server::start(&environment).stop();
    let (_, _, of_command) = run(&["migrate"], &environment);
    for errors in [&log, &of_command] {
        for (name, nearest) in UNKNOWN {
            let lines: Vec<_> = errors.lines().filter(|line| line.contains(&format!("\"{name}\""))).collect();
            assert_eq!(lines.len(), 1, "{name}: {errors}");
            assert!(lines[0].contains("WARN") && lines[0].contains(&format!("\"{nearest}\"")), "{lines:?}");
        }
        assert_eq!(errors.matches("looks like a setting and is not one").count(), UNKNOWN.len(), "{errors}");
        assert!(!errors.contains("hunter2"), "{errors}");
    }
    // Where a setting lacks since its name is misspelt, it is told beside.
    let (status, _, errors) = run(&["serve"], &[("DATABASE_URL", &database.url), ("PORTCULLIS_SECRT", "hunter2")]);
    assert!(!status.success() && errors.contains("PORTCULLIS_SECRET: it must be set"), "{errors}");
    assert!(errors.contains("PORTCULLIS_SECRT") && !errors.contains("hunter2"), "{errors}");
}

#[test]
fn the_name_of_a_variable_breaks_no_line() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"PORTCULLIS_\nforged\x1b[2J\xff");
    let long = format!("PORTCULLIS_{}", "X".repeat(100_000));
    let output = command(&[("DATABASE_URL", "postgres://db/x")]).env(odd, "x").env(long, "x").output().expect("an end");
    let errors = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(errors.contains("forged") && errors.len() < 5000, "{errors}");
    assert!(!errors.contains("\nforged") && !errors.contains('\u{1b}'), "{errors:?}");
}
