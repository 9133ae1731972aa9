//! A failed login in the log, for people and for fail2ban.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::app::SECRET;
use crate::support::cluster::watched_dir;
use crate::support::database::TestDatabase;
use crate::support::process::Server;
use crate::support::{Client, PASSWORD};

const FILTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fail2ban/filter.d/portcullis.conf");

async fn server(database: &TestDatabase, more: &[(&str, &str)]) -> Server {
    let own = [
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
        ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1"),
    ];
    Server::start(&[own.as_slice(), more].concat())
}

/// The lines about attempts that failed.
fn failures(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("authentication failed")).collect()
}

/// Tries to log in as if from `address`, in a request with this id.
async fn try_from(client: &Client, address: &str, id: &str, identifier: &str) {
    let query = "mutation Login($i: LoginInput!) { login(input: $i) { __typename } }";
    let body = json!({ "query": query, "variables": { "i": { "identifier": identifier, "password": "a wrong one" } } });
    let request = client.post(body.to_string()).header("x-forwarded-for", address).header("x-request-id", id);
    assert!(request.send().await.expect("an answer").status().is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_login_leaves_one_line_with_its_address_request_and_outcome() {
    let database = TestDatabase::new().await;
    let server = server(&database, &[("PORTCULLIS_LIMIT_LOGIN", "2/1h")]).await;
    let client = server.client();
    client.register("ada@example.com").await;
    client.login("ada@example.com").await;
    for (id, identifier) in [("one", "ada@example.com"), ("two", "nobody@example.com"), ("three", "no identifier \0")] {
        try_from(&client, "192.0.2.7", id, identifier).await;
    }
    for id in ["four", "five"] {
        try_from(&client, "192.0.2.7", id, "nobody@example.com").await;
    }
    let log = server.stop();
    let lines = failures(&log);
    let wrong = "address=192.0.2.7 attempt=\"login\" outcome=\"invalid_credentials\"";
    let limited = "address=192.0.2.7 attempt=\"login\" outcome=\"rate_limited\"";
    for (line, (id, told)) in
        lines.iter().zip([("one", wrong), ("two", wrong), ("three", wrong), ("four", wrong), ("five", limited)])
    {
        assert!(line.contains(" INFO ") && line.contains(&format!("id=\"{id}\"")) && line.ends_with(told), "{line}");
    }
    assert_eq!(lines.len(), 5, "{log}");
    for typed in ["ada@example.com", "nobody", "no identifier"] {
        assert!(!log.contains(typed), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_of_a_request_has_its_line_and_so_has_a_change_of_the_password() {
    let database = TestDatabase::new().await;
    let server = server(&database, &[("PORTCULLIS_LIMIT_LOGIN", "3/1h")]).await;
    let ada = server.client().register("ada@example.com").await;
    let one =
        |name: &str| format!("{name}: login(input: {{ identifier: \"ada\", password: \"x\" }}) {{ __typename }} ");
    let query = format!("mutation {{ {} }}", ["a", "b", "c", "d", "e"].map(one).concat());
    server.client().send(&query, Value::Null).await;
    let change = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";
    for _ in 0..4 {
        let input = json!({ "currentPassword": "a wrong one", "newPassword": "something quite different" });
        ada.send(change, json!({ "i": input })).await;
    }
    let log = server.stop();
    let told = |attempt: &str, outcome: &str| {
        let end = format!("attempt=\"{attempt}\" outcome=\"{outcome}\"");
        failures(&log).iter().filter(|line| line.ends_with(&end)).count()
    };
    assert_eq!((told("login", "invalid_credentials"), told("login", "rate_limited")), (3, 2), "{log}");
    assert_eq!(
        (told("password_change", "invalid_credentials"), told("password_change", "rate_limited")),
        (3, 1),
        "{log}"
    );
    assert!(!log.contains("identifier") && !log.contains('\u{1b}'), "{log}");
}

/// An attempt that succeeded, or still may, must neither ban its address nor be reported to the owner.
#[tokio::test(flavor = "multi_thread")]
async fn what_says_nothing_against_whoever_tries_has_an_outcome_of_its_own() {
    let database = TestDatabase::new().await;
    let settings = [
        ("PORTCULLIS_LIMIT_SESSIONS", "1/1h"),
        ("PORTCULLIS_LIMIT_LOGIN_ATTACKED", "1/1h"),
        ("PORTCULLIS_REQUEST_TIMEOUT", "2s"),
    ];
    let server = server(&database, &settings).await;
    server.client().register("ada@example.com").await;
    let right = async |address: &str| {
        let query = "mutation($i: LoginInput!) { login(input: $i) { __typename } }";
        let input = json!({ "identifier": "ada@example.com", "password": PASSWORD });
        let body = json!({ "query": query, "variables": { "i": input } }).to_string();
        let answer = server.client().post(body).header("x-forwarded-for", address).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        answer["data"]["login"]["__typename"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    // Too many sessions were opened.
    for expected in ["LoginSuccess", "LoginSuccess", "RateLimited"] {
        assert_eq!(right("192.0.2.7").await, expected);
    }
    // Other attempts hold all that the address has, and may give it back.
    try_from(&server.client(), "192.0.2.8", "one", "ada@example.com").await;
    let held = "UPDATE limits SET full_at = now() + interval '10 minutes', held = 10, \
         held_in = floor(extract(epoch FROM clock_timestamp()) / 15) + 1 WHERE full_at > now()";
    assert!(database.execute(held).await > 0);
    assert_eq!(right("192.0.2.8").await, "RateLimited");
    assert_eq!(database.count("SELECT count(*) FROM audit_events WHERE kind = 'limited'").await, 0);
    let log = server.stop();
    let ends = [
        "address=192.0.2.7 attempt=\"login\" outcome=\"too_many_at_once\"",
        "address=192.0.2.8 attempt=\"login\" outcome=\"invalid_credentials\"",
        "address=192.0.2.8 attempt=\"login\" outcome=\"too_many_at_once\"",
    ];
    let lines = failures(&log);
    assert!(lines.len() == 3 && lines.iter().zip(ends).all(|(line, end)| line.ends_with(end)), "{log}");
    if let Some(program) = fail2ban_or_explain() {
        assert_eq!(banned(&program, &log), ["192.0.2.8"], "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_can_be_had_without_the_others() {
    let database = TestDatabase::new().await;
    let server = server(&database, &[("PORTCULLIS_LOG", "warn,portcullis::authentication=info")]).await;
    try_from(&server.client(), "192.0.2.7", "one", "ada").await;
    let log = server.stop();
    let others = log.lines().filter(|line| !line.contains("no mail can be sent"));
    assert!(others.count() == 1 && log.contains("request{id=\"one\""), "{log}");
    assert_eq!(failures(&log).len(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_are_logged_where_a_setting_says_so_and_break_nothing() {
    let database = TestDatabase::new().await;
    let odd = format!("x\r\nforged \"address=192.0.2.9\u{1b}[2J\u{202e}\u{2028}{}", "y".repeat(3000));
    for (format, name) in [("text", "identifier=\"Ada@example.com\""), ("json", "\"identifier\":\"Ada@example.com\"")] {
        let server =
            server(&database, &[("PORTCULLIS_LOG_IDENTIFIERS", "on"), ("PORTCULLIS_LOG_FORMAT", format)]).await;
        try_from(&server.client(), "192.0.2.7", "one", "Ada@example.com").await;
        try_from(&server.client(), "192.0.2.7", "two", &odd).await;
        let log = server.stop();
        let lines = failures(&log);
        assert!(lines.len() == 2 && lines[0].contains(name), "{log}");
        assert!(lines[1].len() < 1000 && lines[1].contains("forged"), "{log}");
        let hidden = |c: char| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c);
        assert!(!lines[1].contains(hidden), "{lines:?}");
    }
}

/// Where fail2ban-regex is. Where it is not installed a test can't run: it says so, and is over; or fails, where nothing may be left
/// out.
fn fail2ban_or_explain() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).map(|place| place.join("fail2ban-regex")).find(|program| program.is_file());
    if found.is_none() {
        assert!(std::env::var_os("PORTCULLIS_TEST_ALL").is_none(), "fail2ban-regex is not installed");
        eprintln!("NOT TESTED: there is no fail2ban on this machine (Debian: apt-get install fail2ban)");
    }
    found
}

/// The addresses that fail2ban finds in a log, by the filter of the documentation.
fn banned(program: &PathBuf, log: &str) -> Vec<String> {
    let path = watched_dir("fail2ban").join("portcullis.log");
    std::fs::write(&path, log).expect("a log");
    let found = Command::new(program).args(["--out", "ip"]).arg(&path).arg(FILTER).output().expect("it runs");
    let (out, errors) = (String::from_utf8_lossy(&found.stdout), String::from_utf8_lossy(&found.stderr));
    assert!(found.status.code().is_some_and(|code| code <= 1) && errors.is_empty(), "{out}{errors}");
    out.lines().map(str::to_owned).collect()
}

/// The same log as it was written, and as others keep it: by a syslog daemon in both of its forms; by journalctl.
fn kept_by_others(log: &str) -> Vec<String> {
    let prefixes = [
        "",
        "Nov 28 17:00:00 auth-1 portcullis[4711]: ",
        "2026-11-28T17:00:00.123456+01:00 auth.example.com portcullis[4711]: ",
        "2026-11-28T17:00:00+0100 auth-1 portcullis: ",
    ];
    prefixes.iter().map(|prefix| log.lines().map(|line| format!("{prefix}{line}\n")).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn fail2ban_finds_those_who_fail_by_the_documented_filter() {
    let Some(program) = fail2ban_or_explain() else { return };
    for (format, identifiers) in [("text", "off"), ("text", "on"), ("json", "off"), ("json", "on")] {
        let database = TestDatabase::new().await;
        let settings = [("PORTCULLIS_LOG_FORMAT", format), ("PORTCULLIS_LOG_IDENTIFIERS", identifiers)];
        let server = server(&database, &settings).await;
        let ada = server.client().register("ada@example.com").await;
        server.client().login("ada@example.com").await;
        ada.me().await;
        for address in ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.8", "192.0.2.7"] {
            try_from(&server.client(), address, "req-1.a_b", "ada@example.com").await;
        }
        // Without an operation's name, and with an account in the span.
        let anonymous = "mutation { login(input: { identifier: \"ada\", password: \"x\" }) { __typename } }";
        let body = json!({ "query": anonymous }).to_string();
        server.client().post(body).header("x-forwarded-for", "192.0.2.20").send().await.expect("an answer");
        let change = "mutation C($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";
        let input = json!({ "currentPassword": "a wrong one", "newPassword": "something quite different" });
        let body = json!({ "query": change, "variables": { "i": input } }).to_string();
        ada.post(body).header("x-forwarded-for", "192.0.2.21").send().await.expect("an answer");
        let log = server.stop();
        let expected = ["192.0.2.7", "2001:db8::7", "192.0.2.8", "192.0.2.7", "192.0.2.20", "192.0.2.21"];
        for kept in kept_by_others(&log) {
            assert_eq!(banned(&program, &kept), expected, "{kept}");
        }
    }
}

/// Requests by which a client tries to have somebody else banned.
const VICTIM: &str = "198.51.100.66";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_client_sends_has_another_banned() {
    let Some(program) = fail2ban_or_explain() else { return };
    let text = format!(
        "2026-11-28T17:00:00.000000Z  INFO request{{id=\"x\" operation=\"Login\"}}: authentication failed \
         address={VICTIM} attempt=\"login\" outcome=\"invalid_credentials\""
    );
    let json_line = format!(
        "{{\"timestamp\":\"2026-11-28T17:00:00.000000Z\",\"level\":\"INFO\",\"message\":\"authentication failed\",\
         \"address\":\"{VICTIM}\",\"attempt\":\"login\",\"outcome\":\"invalid_credentials\"}}"
    );
    let part = format!("address={VICTIM} attempt=\"login\" outcome=\"invalid_credentials\"");
    for format in ["text", "json"] {
        let database = TestDatabase::new().await;
        let settings = [
            ("PORTCULLIS_LOG_FORMAT", format),
            ("PORTCULLIS_LOG_IDENTIFIERS", "on"),
            ("PORTCULLIS_LOG", "trace"),
            ("PORTCULLIS_RATE_LIMITS", "off"),
        ];
        let server = server(&database, &settings).await;
        let client = server.client();
        for forged in [&text, &json_line, &part] {
            for before in ["", "\n", "\r\n", "\r", "\\n", "\u{2028}", "\u{85}", "\0", "x\"}: ", "\u{1b}[2K\r"] {
                let forged = format!("{before}{forged}");
                try_from(&client, "192.0.2.7", "one", &forged).await;
                client.try_register(json!({ "email": forged, "username": forged, "password": PASSWORD })).await;
                client.try_refresh(&forged).await;
                client.send(&format!("query {forged} {{ me {{ id }} }}"), Value::Null).await;
                let body = json!({ "query": "query A { me { id } }", "operationName": forged });
                client.post(body.to_string()).send().await.expect("an answer");
                let safe: String = forged.chars().filter(|c| !c.is_control() && c.is_ascii()).collect();
                for header in ["x-request-id", "user-agent", "origin", "authorization", "x-forwarded-for", "forwarded"]
                {
                    let query = "mutation { login(input: { identifier: \"ada\", password: \"x\" }) { __typename } }";
                    let request = client.post(json!({ "query": query }).to_string()).header(header, &safe);
                    request.send().await.expect("an answer");
                }
            }
        }
        let log = server.stop();
        assert!(log.contains(VICTIM), "it is logged, as what was typed");
        for kept in kept_by_others(&log) {
            let banned = banned(&program, &kept);
            assert!(banned.len() > 100 && !banned.iter().any(|address| address == VICTIM), "{banned:?}");
        }
    }
}
