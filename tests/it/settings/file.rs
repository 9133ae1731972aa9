//! The file of settings: how it is found, what goes before it, and which values it takes.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use portcullis::Config;

use crate::support::app::{SECRET, settings};
use crate::support::cluster::watched_dir;
use crate::support::database::TestDatabase;
use crate::support::process::{Server, run};

/// A file of settings with this content, which nobody else may read.
pub(super) fn file(content: impl AsRef<[u8]>) -> String {
    file_with_mode(content, 0o600)
}

pub(super) fn file_with_mode(content: impl AsRef<[u8]>, mode: u32) -> String {
    let path = watched_dir("settings").join("portcullis.toml");
    std::fs::write(&path, content).expect("a file");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("its mode");
    path.to_str().expect("UTF-8").to_owned()
}

/// The settings that a file with this content gives, as they are shown.
fn shown(content: &str) -> String {
    let settings = settings(&["--data-dir=/x", "--config", &file(content)]).check();
    format!("{:?}", settings.unwrap_or_else(|faults| panic!("{content}: {faults}")))
}

/// Whether a file with this content gives what these flags do.
fn is_like(content: &str, flags: &[&str]) -> bool {
    let flags = settings(&[&["--data-dir=/x"], flags].concat()).check().expect("settings");
    shown(content) == format!("{flags:?}")
}

#[test]
fn a_flag_goes_before_a_variable_that_before_the_file_and_the_default_comes_last() {
    let at = |name: &str| format!("postgres://ada:hunter2@127.0.0.1:1/{name}");
    let path = file(format!("database-url = '{}'\nsecret = '{SECRET}'\ndatabase-wait = '0s'", at("of-the-file")));
    let (flag, variable) = (format!("--database-url={}", at("of-the-flag")), at("of-the-variable"));
    let by_flag = format!("--config={path}");
    let by_variable = ("PORTCULLIS_CONFIG", path.as_str());
    let of_variable = ("DATABASE_URL", variable.as_str());
    for (arguments, environment, expected) in [
        (vec![by_flag.as_str()], vec![], "of-the-file"),
        (vec!["migrate"], vec![by_variable], "of-the-file"),
        (vec!["migrate", &by_flag], vec![("PORTCULLIS_CONFIG", "/no/such/file")], "of-the-file"),
        (vec![&by_flag, "serve"], vec![of_variable], "of-the-variable"),
        (vec!["serve", &flag], vec![by_variable, of_variable], "of-the-flag"),
        (vec![&flag, "serve"], vec![by_variable], "of-the-flag"),
        // An empty one counts as not set.
        (vec!["serve"], vec![by_variable, ("DATABASE_URL", " ")], "of-the-file"),
        (vec!["serve", "--database-url="], vec![by_variable], "of-the-file"),
    ] {
        let (status, _, errors) = run(&arguments, &environment);
        let there = format!("127.0.0.1:1/{expected}");
        assert!(!status.success() && errors.contains(&there), "{arguments:?} {environment:?}: {errors}");
        assert!(!errors.contains("hunter2") && !errors.contains(SECRET), "{errors}");
    }
    let (_, _, errors) = run(&["migrate", "--database-wait=0s"], &[("PORTCULLIS_CONFIG", ""), of_variable]);
    assert!(errors.contains("PORTCULLIS_SECRET: it must be set"), "an empty name names no file: {errors}");
}

#[test]
fn every_command_that_needs_settings_reads_it() {
    let content = format!("database-url = 'postgres://127.0.0.1:1/x'\nsecret = '{SECRET}'\ndatabase-wait = '0s'");
    let path = file(content);
    for command in [
        &["serve"][..],
        &["migrate"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["accounts", "disable", "ada@example.com"],
        &["service-keys", "list"],
    ] {
        for arguments in [[command, &["--config", &path]].concat(), [&["--config", &path], command].concat()] {
            let (status, _, errors) = run(&arguments, &[]);
            assert!(!status.success() && errors.contains("127.0.0.1:1/x"), "{arguments:?}: {errors}");
        }
    }
}

#[test]
fn each_kind_of_value_is_written_as_toml_writes_it_or_as_text() {
    for content in ["max-tokens = 3000", "max-tokens = 3_000", "max-tokens = 0xbb8", "max-tokens = ' 3000 '"] {
        assert!(is_like(content, &["--max-tokens=3000"]), "{content}");
    }
    for content in ["log-identifiers = true", "log-identifiers = 'on'", "log-identifiers = \"true\""] {
        assert!(is_like(content, &["--log-identifiers=on"]), "{content}");
    }
    assert!(is_like("open-registration = false", &["--open-registration=off"]));
    assert!(is_like("introspection = false", &["--introspection=off"]), "one whose default is found at start");
    assert!(is_like("session-ttl = '20d'", &["--session-ttl=20d"]));
    assert!(is_like("limit-login = '5/1m'", &["--limit-login=5/1m"]));
    assert!(is_like("log-format = 'json'", &["--log-format=json"]));
    assert!(is_like("signing-algorithm = 'ES256'", &["--signing-algorithm=ES256"]));
    let origins = "--allowed-origins=https://a.example,tauri://localhost";
    for content in [
        "allowed-origins = ['https://a.example', 'tauri://localhost']",
        "allowed-origins = [\n  'https://a.example', # the shop\n  'tauri://localhost',\n]",
        "allowed-origins = 'https://a.example, tauri://localhost'",
    ] {
        assert!(is_like(content, &[origins]), "{content}");
    }
    assert!(is_like("trusted-proxies = ['10.0.0.0/8', '2001:db8::7']", &["--trusted-proxies=10.0.0.0/8,2001:db8::7"]));
}

#[test]
fn what_is_empty_or_a_comment_sets_nothing() {
    let contents = ["", "\u{feff}# nothing\r\n", "listen = ''\nsession-ttl = ' '\ntrusted-proxies = []", "\n\n"];
    assert!(contents.iter().all(|content| is_like(content, &[])));
}

#[test]
fn help_shows_nothing_of_the_file() {
    let path = file("audience = 'hunter2'\nsecret = 'hunter2'\nlog = 5\n[hunter2]");
    for arguments in [["--config", &path, "--help"], ["help", "--config", &path], ["--config", &path, "--nonsense"]] {
        let (_, help, errors) = run(&arguments, &[]);
        assert!(!help.contains("hunter2") && !errors.contains("hunter2"), "{help}{errors}");
    }
    let (status, schema, _) = run(&["schema", "--config", &path], &[]);
    assert!(status.success() && schema.contains("type Query"), "what needs no settings looks at none");
}

#[test]
fn the_defaults_of_an_application_count_after_the_file() {
    let path = file("issuer = 'https://of-the-file.example'");
    let defaults = [
        ("PORTCULLIS_CONFIG", path.as_str()),
        ("PORTCULLIS_DATA_DIR", "/x"),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ISSUER", "https://of-the-application.example"),
        ("PORTCULLIS_AUDIENCE", "of-the-application"),
    ];
    let config = Config::from_env_or(defaults).expect("settings");
    assert_eq!(
        (config.issuer.as_str(), config.audience.as_str()),
        ("https://of-the-file.example", "of-the-application")
    );
    let config = Config::from_settings(defaults).expect("settings");
    assert_eq!(config.issuer, "https://of-the-application.example", "what it insists on counts before");
}

#[test]
fn two_files_are_refused() {
    let (one, other) = (file(""), file(""));
    let (status, _, errors) = run(&["--config", &one, "--config", &other], &[]);
    assert!(!status.success() && errors.contains("cannot be used multiple times"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_runs_by_the_file_that_the_docs_show() {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md")).expect("a page");
    let (_, rest) = docs.split_once("```toml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let dir = watched_dir("settings");
    let secret = written(&dir, "secret", SECRET);
    let database = TestDatabase::new().await;
    let url = written(&dir, "database-url", &database.url);
    let local = example.replace("/run/secrets/portcullis", &secret).replace("/run/secrets/database-url", &url);
    assert!(local.contains(&secret) && local.contains(&url), "{example}");
    // Anybody may read it: the secrets lie elsewhere.
    let path = file_with_mode(local, 0o644);
    let server = Server::start(&[("PORTCULLIS_CONFIG", &path)]);
    server.client().register("ada@example.com").await;
    let log = server.stop();
    let is_said =
        |line: &str| line.starts_with('{') && line.contains("read a file of settings") && line.contains(&path);
    assert!(log.lines().any(is_said), "in JSON, as the file says: {log}");
}

fn written(dir: &Path, name: &str, content: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, content).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}
