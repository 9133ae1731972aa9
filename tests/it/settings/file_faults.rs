//! What is wrong with the file of settings is told at once, with file, line and key, and never with a value.

use super::file::{file, file_with_mode};
use crate::support::cluster::watched_dir;
use crate::support::process::{command, run};

/// What the tests set by a variable counts as not set, so that it is taken from the file.
const UNSET: [(&str, &str); 1] = [("PORTCULLIS_LISTEN", "")];

/// What is told of a file with this content, each line without the file's name before it.
fn told(content: impl AsRef<[u8]>) -> String {
    let path = file(content);
    // One fault that is there in any case, so that no server starts.
    let flags = ["serve", "--data-dir=/x", "--hashing-queue=0", "--config", &path];
    let (status, out, errors) = run(&flags, &UNSET);
    assert!(!status.success() && out.is_empty(), "{out}{errors}");
    assert!(errors.starts_with("portcullis: the settings can't be used:\n"), "{errors}");
    errors.replace(&format!("  {path}:"), "\n:")
}

#[test]
fn a_key_that_is_no_setting_is_told_with_the_nearest() {
    for (key, nearest) in [
        ("session-tl = '1d'", "session-ttl"),
        ("session_ttl = '1d'", "session-ttl"),
        ("SESSION-TTL = '1d'", "session-ttl"),
        ("PORTCULLIS_SESSION_TTL = '1d'", "session-ttl"),
        ("\"session ttl\" = '1d'", "session-ttl"),
        ("DATABASE_URL = 'postgres://db/x'", "database-url"),
        ("issuer-url = 'https://auth.example.com'", "issuer"),
        ("allowed-origin = []", "allowed-origins"),
        ("environment = 'production'", "env"),
        ("limit-login-atacked = '1/1m'", "limit-login-attacked"),
    ] {
        let told = told(format!("# a comment\n\n{key}"));
        assert!(
            told.contains("\n:3: ") && told.contains(&format!("it is no setting; the nearest is {nearest}\n")),
            "{told}"
        );
    }
    assert!(told("config = '/x'").contains("\n:1: config: a file of settings names no other\n"));
    let told = told("[session]\nttl = 'hunter2'\n\n[[providers]]\nname = 'hunter2'\n\n[listen]\na.b = 'hunter2'");
    assert!(told.contains("\n:1: session: it is no setting, and settings stand in no table\n"), "{told}");
    assert!(told.contains("\n:4: providers: it is no setting"), "{told}");
    assert!(told.contains("\n:7: listen: it is a table, and must be text in quotes\n"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn values_of_another_type_are_told_without_them() {
    for (value, why) in [
        ("listen = 8080", "listen: it is a whole number, and must be text in quotes"),
        ("audience = true", "audience: it is true or false, and must be text in quotes"),
        ("secret = 31337", "secret: it is a whole number, and must be text in quotes"),
        ("data-dir = ['31337']", "data-dir: it is an array, and must be text in quotes"),
        ("log-format = 1979-05-27", "log-format: it is a date or a time, and must be text in quotes"),
        ("max-tokens = 31337.0", "max-tokens: it is a number with a fraction, and must be a whole number"),
        ("max-tokens = true", "max-tokens: it is true or false, and must be a whole number"),
        ("session-ttl = 31337", "session-ttl: it is a whole number, and must be a duration in quotes, such as \"14d\""),
        ("limit-login = 31337", "limit-login: it is a whole number, and must be a rate in quotes, such as \"10/10m\""),
        ("cookies = 1", "cookies: it is a whole number, and must be true or false"),
        ("cookies = ['on']", "cookies: it is an array, and must be true or false"),
        ("trusted-proxies = 31337", "trusted-proxies: it is a whole number, and must be an array of texts in quotes"),
        ("allowed-origins = [31337]", "allowed-origins: an item of it is a whole number, and must be text in quotes"),
        ("allowed-origins = ['https://31337.example,a']", "allowed-origins: an item of it holds a comma"),
        ("env.x = '31337'", "env: it is a table, and must be text in quotes"),
    ] {
        let told = told(format!("\n{value}\n"));
        assert!(told.contains(&format!("\n:2: {why}")), "{value}: {told}");
        assert!(!told.contains("31337"), "{told}");
        assert_eq!(told.matches("\n:").count(), 1, "it is told once: {told}");
    }
}

#[test]
fn values_out_of_their_bounds_are_told_by_their_line_without_them() {
    let content = "max-tokens = 31337000\nmax-depth = '31337'\nsession-ttl = '31337d'\nlimit-login = '31337000/1s'\n\
         log-format = '31337'\ncookies = '31337'\nlisten = '31337'\nissuer = '31337'\nlog = 'info,=,=31337='\n\
         trusted-proxies = ['10.0.0.0/8', '31337']\nallowed-origins = [\n  'https://a.example',\n  '31337',\n]\n\
         secret = '31337'\nmax-aliases = 99999999999999999999999999999999999999999999\nsession-cache = -31337";
    let told = told(content);
    for why in [
        ":1: max-tokens: it is not a whole number from 100 to 100000",
        ":2: max-depth: it is not a whole number from 4 to 60",
        ":3: session-ttl: it is not a duration, such as 90s, 10m, 12h or 30d, from 1m to 400d",
        ":4: limit-login: it is not a number from 1 to 1000000 and a duration from 1s to 1d",
        ":5: log-format: it is not text or json",
        ":6: cookies: it is not on or off",
        ":7: listen: it is not an address and port",
        ":8: issuer: it is not an http or https URL",
        ":9: log: it is not a filter of levels",
        ":10: trusted-proxies: item 2 is no address",
        ":11: allowed-origins: item 2 has no scheme",
        ":15: secret: it needs 32 bytes or more",
        ":16: max-aliases: it is not a whole number from 0 to 10000",
        ":17: session-cache: it is not a whole number from 0 to 10000000",
    ] {
        assert!(told.contains(&format!("\n{why}")), "{why}: {told}");
    }
    assert!(!told.contains("31337") && !told.contains("9999"), "{told}");
}

#[test]
fn settings_that_contradict_each_other_are_told_where_they_stand() {
    let path = file("session-idle-ttl = '5m'\ncookies-for-patterns = true\nargon2-memory-kib = 8");
    let flags = ["--data-dir=/x", "--config", &path, "--argon2-parallelism=2"];
    let (_, _, errors) = run(&[&["serve"], &flags[..]].concat(), &[("PORTCULLIS_SESSION_IDLE_TTL", "6m")]);
    assert!(errors.contains("  PORTCULLIS_SESSION_IDLE_TTL: it is shorter"), "the variable goes first: {errors}");
    assert!(errors.contains(&format!("  {path}:2: cookies-for-patterns: it says more")), "{errors}");
    assert!(errors.contains(&format!("  {path}:3: argon2-memory-kib: it is less than 16")), "{errors}");
    let (_, _, errors) = run(&[&["serve"], &flags[..]].concat(), &[]);
    assert!(errors.contains(&format!("  {path}:1: session-idle-ttl: it is shorter")), "{errors}");
}

#[test]
fn what_is_not_toml_is_told_by_its_lines_beside_all_other_faults() {
    let path = file(
        "secret = hunter2-hunter2-hunter2-hunter2\nlisten = 'localhost'\naudience = \"hunter2\n\
         max-tokens = 1\nlog = 'info'\nlog = 'hunter2'\n'max-depth' = 5\n\"max-depth\" = 6\nissuer 'hunter2'\n",
    );
    let environment = [
        UNSET[0],
        ("DATABASE_URL", "postgres://ada:hunter2@db/x"),
        ("PORTCULLIS_SESSION_TTL", "1s"),
        ("PORTCULLIS_LOGG", "x"),
    ];
    let (status, _, errors) = run(&["serve", "--cookies=perhaps", "--config", &path], &environment);
    assert!(!status.success() && !errors.contains("hunter2"), "{errors}");
    for told in [
        &format!("  {path}:1: it is not TOML: "),
        &format!("  {path}:2: listen: it is not an address and port"),
        &format!("  {path}:3: it is not TOML: "),
        &format!("  {path}:4: max-tokens: it is not a whole number"),
        &format!("  {path}:6: log: it stands in the file twice\n"),
        &format!("  {path}:9: it is not TOML: "),
        &format!("  {path}:8: max-depth: it stands in the file twice\n"),
        "  PORTCULLIS_SESSION_TTL: \"1s\" is not a duration",
        "  PORTCULLIS_COOKIES: \"perhaps\" is not on or off",
        "  PORTCULLIS_LOGG: it is no setting; the nearest is PORTCULLIS_LOG",
    ] {
        assert!(errors.contains(told), "{told}: {errors}");
    }
    assert!(!errors.contains("it must be set"), "the secret may stand in a line that could not be read: {errors}");
}

#[test]
fn no_content_of_a_file_makes_it_panic_or_is_shown() {
    let contents = [
        "hunter2".to_owned(),
        "=".to_owned(),
        "[[[".to_owned(),
        "a = [hunter2".to_owned(),
        "a = \"\"\"hunter2".to_owned(),
        "secret = 'hunter2".to_owned(),
        "secret = \"hunter2\\q\"".to_owned(),
        "secret = 'x' hunter2".to_owned(),
        "secret = 'hunter2\u{0}'".to_owned(),
        "{\"secret\": \"hunter2\"}".to_owned(),
        "secret: hunter2\n".to_owned(),
        "PORTCULLIS_SECRET=hunter2\n".to_owned(),
        "x = ".to_owned() + &"[".repeat(100_000),
        "[a]\n".repeat(10_000),
        "a.".repeat(10_000) + "b = 1",
    ];
    for content in contents {
        let told = told(&content);
        assert!(!told.contains("hunter2") && !told.contains("panic"), "{told}");
        assert!(told.len() < 5000, "{}", told.len());
    }
}

#[test]
fn a_file_that_can_not_be_read_is_told_beside_all_other_faults() {
    let dir = watched_dir("settings");
    let utf16: Vec<u8> = "secret = 'hunter2'".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let text = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    for (path, why) in [
        (text(&dir.join("nowhere")), "can't be read: No such file"),
        (text(&dir), "can't be read: Is a directory"),
        (file(b"audience = 'hunter2\xe4'"), "is not text in UTF-8"),
        (file([&b"\xff\xfe"[..], &utf16].concat()), "is not text in UTF-8"),
        (file("# hunter2\n".repeat(200_000)), "holds more than 1048576 bytes"),
        ("/dev/zero".to_owned(), "holds more than 1048576 bytes"),
    ] {
        let environment = [("DATABASE_URL", "postgres://db/x"), ("PORTCULLIS_SESSION_TTL", "1s")];
        let (status, _, errors) = run(&["serve", "--config", &path], &environment);
        assert!(!status.success() && errors.contains(&format!("  PORTCULLIS_CONFIG: {path} {why}")), "{errors}");
        assert!(errors.contains("  PORTCULLIS_SESSION_TTL: ") && !errors.contains("hunter2"), "{errors}");
        assert!(!errors.contains("it must be set"), "the file may set it: {errors}");
    }
}

#[test]
fn neither_keys_nor_the_name_of_the_file_break_a_line() {
    let told = told(format!("\"a\\nforged\\u001b[2J\" = 1\n{} = 1", "x".repeat(100_000)));
    assert!(told.contains("forged") && !told.contains("\nforged") && !told.contains('\u{1b}'), "{told:?}");
    assert!(told.len() < 1000, "{}", told.len());
    let output = command(&[("PORTCULLIS_CONFIG", "/no/such\nforged\u{1b}[2J")]).output().expect("an end");
    let errors = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(errors.contains("forged") && !errors.contains("\nforged") && !errors.contains('\u{1b}'), "{errors:?}");
}

#[test]
fn a_file_that_others_may_read_is_taken_where_it_holds_no_secret() {
    let path = file_with_mode("listen = 'nowhere'", 0o644);
    let (_, _, errors) = run(&["serve", "--data-dir=/x", "--config", &path], &UNSET);
    assert_eq!(errors.matches("\n  ").count(), 1, "{errors}");
}
