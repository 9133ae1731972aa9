//! Each setting: what it takes and refuses is what the help and the docs say, which are made of the same declarations.

use std::time::Duration;

use portcullis::config::{Kind, SettingReference, reference};

use crate::support::app::settings;
use crate::support::process::{command, run};

/// A fault for each setting that takes a text of its own form; nothing for those that take any.
const TEXTS: [(&str, &str); 27] = [
    ("config", "/no/such/file"),
    ("listen", "localhost"),
    ("metrics-listen", "localhost"),
    ("otlp-endpoint", "localhost:4318"),
    ("traces-ratio", "2"),
    ("data-dir", ""),
    ("log", "info,=,=x="),
    ("database-url", "mysql://ada:hunter2@db/x"),
    ("database-url-file", "/no/such/file"),
    ("database-direct-url", "mysql://ada:hunter2@db/x"),
    ("database-direct-url-file", "/no/such/file"),
    ("issuer", "here"),
    ("audience", ""),
    ("secret", "too short"),
    ("secret-file", "/no/such/file"),
    ("secret-previous", "too short as well"),
    ("secret-previous-file", "/no/such/file"),
    ("persisted-documents", "/no/such/manifest.json"),
    ("trusted-proxies", "10.0.0.0/8, 0.0.0.0/0"),
    ("smtp-url", ""),
    ("smtp-url-file", "/no/such/file"),
    ("mail-from", ""),
    ("mail-dir", ""),
    ("mail-templates", ""),
    ("mail-locale", "so what"),
    ("link-url", "here"),
    ("webauthn-rp-id", "https://example.com"),
];

/// The same for lists.
const LISTS: [(&str, &str); 3] = [
    ("allowed-origins", "https://app.example.com,*"),
    ("webauthn-origins", "https://app.example.com,*"),
    ("second-factor-roles", "admin, support team"),
];

/// What each takes at its bounds, and what it refuses past them.
fn at_the_bounds(setting: &SettingReference) -> (Vec<String>, Vec<String>) {
    let words = |values: &[String]| values.to_vec();
    match (setting.shape.kind, setting.shape.values.as_slice()) {
        (Kind::Number, [min, max]) => {
            let (least, most): (i64, i64) = (min.parse().expect("a number"), max.parse().expect("a number"));
            (words(&setting.shape.values), vec![(least - 1).to_string(), (most + 1).to_string(), format!("{least}.5")])
        }
        (Kind::Duration, [min, max]) => {
            (words(&setting.shape.values), vec![shorter(min), format!("{max} 1ms"), "1".to_owned(), "soon".to_owned()])
        }
        (Kind::Rate, [least, most, shortest, longest]) => (
            vec![format!("{least}/{shortest}"), format!("{most}/{longest}")],
            vec![
                format!("{}/{shortest}", least.parse::<i64>().expect("a number") - 1),
                format!("{}/{shortest}", most.parse::<i64>().expect("a number") + 1),
                format!("{least}/{}", shorter(shortest)),
                format!("{least}/{longest} 1ms"),
                least.clone(),
            ],
        ),
        (Kind::Switch | Kind::Choice, values) => (words(values), vec!["no-such-word".to_owned()]),
        _ => (Vec::new(), texts().filter(|(key, _)| *key == setting.key).map(|(_, fault)| fault.to_owned()).collect()),
    }
}

fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEXTS.into_iter().chain(LISTS)
}

fn shorter(duration: &str) -> String {
    match humantime::parse_duration(duration).expect("a duration") {
        Duration::ZERO => "-1s".to_owned(),
        longer => humantime::format_duration(longer - Duration::from_millis(1)).to_string(),
    }
}

/// What is said against a value of this setting by itself.
fn fault(setting: &SettingReference, value: &str) -> Option<String> {
    let flag = format!("--{}={value}", setting.key);
    let faults = settings(&["--data-dir=/x", &flag]).check().err()?.to_string();
    let quoted = format!("{}: {value:?} is not ", setting.variable);
    faults.lines().find(|line| line.trim_start().starts_with(&quoted)).map(str::to_owned)
}

#[test]
fn each_takes_its_bounds_and_words_and_refuses_what_is_past_them() {
    let described = |setting: &SettingReference| setting.shape.allowed();
    let bounded: Vec<_> = reference().into_iter().filter(|setting| described(setting).is_some()).collect();
    assert!(bounded.len() > 50, "{}", bounded.len());
    for setting in bounded {
        let (taken, refused) = at_the_bounds(&setting);
        for value in taken {
            assert_eq!(fault(&setting, &value), None, "{value}");
        }
        for value in refused {
            let fault = fault(&setting, &value).unwrap_or_else(|| panic!("{} takes {value:?}", setting.key));
            assert!(setting.shape.values.iter().all(|bound| fault.contains(bound)), "{fault}");
        }
    }
}

#[test]
fn each_takes_its_default() {
    let defaults = reference().into_iter().filter(|setting| setting.default_is_value);
    let flags: Vec<_> =
        defaults.map(|setting| format!("--{}={}", setting.key, setting.default.expect("a default"))).collect();
    let flags: Vec<_> = ["--data-dir=/x"].into_iter().chain(flags.iter().map(String::as_str)).collect();
    let (set, unset) = (settings(&flags).check().expect("settings"), settings(&["--data-dir=/x"]).check());
    assert_eq!(format!("{set:?}"), format!("{:?}", unset.expect("settings")));
}

#[test]
fn the_texts_of_this_test_are_those_that_there_are() {
    let mut those: Vec<_> =
        reference().into_iter().filter(|one| one.shape.allowed().is_none()).map(|one| one.key).collect();
    let mut these: Vec<_> = texts().map(|(key, _)| key.to_owned()).collect();
    those.sort_unstable();
    these.sort_unstable();
    assert_eq!(those, these);
}

#[test]
fn every_fault_is_told_at_once_without_secrets() {
    // A secret is set by itself or by a file: each with its own faults, which are told instead of what it holds.
    let (files, others): (Vec<_>, Vec<_>) =
        reference().into_iter().partition(|setting| setting.variable.ends_with("_FILE"));
    for settings in [files, others] {
        let faults: Vec<_> = settings
            .iter()
            .filter_map(|setting| Some((setting.variable.as_str(), at_the_bounds(setting).1.into_iter().next()?)))
            .filter(|(_, fault)| !fault.is_empty())
            .collect();
        let environment: Vec<_> = faults.iter().map(|(variable, fault)| (*variable, fault.as_str())).collect();
        let (status, out, errors) = run(&["serve"], &environment);
        assert!(!status.success() && out.is_empty(), "{out}");
        for (name, _) in faults {
            assert!(errors.contains(&format!("  {name}: ")), "{name}: {errors}");
        }
        assert!(!errors.contains("hunter2") && !errors.contains("too short"), "{errors}");
    }
}

#[test]
fn a_value_that_is_not_utf8_is_told_beside_all_other_faults() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"hunter2\xff");
    let mut command = command(&[("PORTCULLIS_SESSION_TTL", "1s")]);
    for variable in ["PORTCULLIS_SECRET", "PORTCULLIS_AUDIENCE", "PORTCULLIS_MAX_TOKENS", "PORTCULLIS_COOKIES"] {
        command.env(variable, odd);
    }
    let errors = String::from_utf8(command.output().expect("an end").stderr).expect("UTF-8");
    assert_eq!(errors.matches(": it is not text in UTF-8").count(), 4, "{errors}");
    assert!(errors.contains("PORTCULLIS_SESSION_TTL: ") && !errors.contains("hunter2"), "{errors}");
}

#[test]
fn help_tells_each_with_its_bounds_and_default() {
    let (status, help, _) = run(&["--help"], &[]);
    assert!(status.success());
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(help.matches("[env: ").count(), reference().len());
    for SettingReference { key, variable, default, default_is_value, shape, .. } in reference() {
        let (_, own) = help.split_once(&format!("--{key} <")).unwrap_or_else(|| panic!("{key} is not in --help"));
        let own = own.split_once(" --").map_or(own, |(own, _)| own);
        assert!(own.contains(&format!("[env: {variable}")), "{key}: {own}");
        if let Some(default) = default.filter(|_| default_is_value) {
            assert!(own.contains(&format!("[default: {default}]")), "{key}: {own}");
        }
        if let Some(allowed) = shape.allowed() {
            assert!(own.contains(&format!("[allowed: {allowed}]")), "{key}: {own}");
        }
    }
}

#[test]
fn help_shows_no_secret_from_the_environment() {
    let secrets: Vec<_> = reference().into_iter().filter(|setting| setting.shape.kind == Kind::Secret).collect();
    assert_eq!(secrets.len(), 5);
    let environment: Vec<_> =
        secrets.iter().map(|setting| (setting.variable.as_str(), "postgres://ada:hunter2@db/x")).collect();
    let (_, help, _) = run(&["--help"], &environment);
    assert!(!help.contains("hunter2"), "{help}");
}
