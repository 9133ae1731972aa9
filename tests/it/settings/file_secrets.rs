//! Secrets in the file of settings, and files of secrets that it names.

use super::file::{file, file_with_mode};
use crate::support::app::SECRET;
use crate::support::process::run;

/// Goes as far as the database, which is not there.
const URL: &str = "postgres://ada:hunter2@127.0.0.1:1/x";
const WAY: &str = "the database at 127.0.0.1:1/x can't be used";

fn started(path: &str, environment: &[(&str, &str)]) -> String {
    let environment = [&[("PORTCULLIS_CONFIG", path), ("PORTCULLIS_DATABASE_WAIT", "0s")], environment].concat();
    let (status, _, errors) = run(&["serve"], &environment);
    assert!(!status.success() && !errors.contains("hunter2") && !errors.contains(SECRET), "{errors}");
    errors
}

#[test]
fn secrets_are_taken_from_a_file_that_not_everybody_may_read() {
    let content = format!(
        "secret = '{SECRET}'\nsecret-previous = '{SECRET}'\ndatabase-url = '{URL}'\ndatabase-direct-url = '{URL}'"
    );
    for mode in [0o600, 0o400, 0o640] {
        let errors = started(&file_with_mode(&content, mode), &[]);
        assert!(errors.contains(WAY), "{mode:o}: {errors}");
    }
    for mode in [0o602, 0o646, 0o666] {
        let errors = started(&file_with_mode(&content, mode), &[]);
        assert!(
            errors.contains("PORTCULLIS_CONFIG: all users of the machine may change this file"),
            "{mode:o}: {errors}"
        );
    }
    for mode in [0o644, 0o604, 0o777] {
        let path = file_with_mode(&content, mode);
        // A variable that goes before it changes nothing about who may read it.
        for environment in [&[][..], &[("DATABASE_URL", URL), ("PORTCULLIS_SECRET", SECRET)]] {
            let errors = started(&path, environment);
            for (line, key) in ["secret", "secret-previous", "database-url", "database-direct-url"].iter().enumerate() {
                let told = format!("  {path}:{}: {key}: it is a secret in a file that all users", line + 1);
                assert!(errors.contains(&told) && errors.contains(&format!("{key}-file")), "{mode:o}: {errors}");
            }
            assert!(!errors.contains("it must be set"), "{errors}");
        }
    }
}

#[test]
fn a_file_of_settings_names_files_of_secrets() {
    let (secret, url) = (file(SECRET), file(format!("{URL}\n")));
    let path = file_with_mode(format!("secret-file = '{secret}'\ndatabase-url-file = '{url}'"), 0o644);
    assert!(started(&path, &[]).contains(WAY));
    let path = file_with_mode(format!("secret-file = '/no/such/file'\ndatabase-url-file = '{url}'"), 0o644);
    let errors = started(&path, &[]);
    assert!(errors.contains(&format!("  {path}:1: secret-file: the file it names can't be read")), "{errors}");
    assert!(!errors.contains("/no/such/file"), "it may be the secret itself, under the wrong key: {errors}");
}

#[test]
fn a_variable_for_either_form_goes_before_both_forms_in_the_file() {
    let (secret, url) = (file(SECRET), file(URL));
    let wrong = "wrong-wrong-wrong-wrong-wrong-wrong-wrong";
    let plain = file(format!("secret = '{wrong}'\ndatabase-url = 'postgres://{wrong}/x'"));
    let errors = started(&plain, &[("PORTCULLIS_SECRET_FILE", &secret), ("DATABASE_URL_FILE", &url)]);
    assert!(errors.contains(WAY), "{errors}");
    let named = file("secret-file = '/no/such/file'\ndatabase-url-file = '/no/such/file'");
    let errors = started(&named, &[("PORTCULLIS_SECRET", SECRET), ("DATABASE_URL", URL)]);
    assert!(errors.contains(WAY), "{errors}");
    // One that is empty is none.
    let both = file(format!("secret = '{SECRET}'\ndatabase-url = '{URL}'"));
    let errors = started(&both, &[("PORTCULLIS_SECRET_FILE", ""), ("DATABASE_URL", "")]);
    assert!(errors.contains(WAY), "{errors}");
}

#[test]
fn a_secret_that_is_set_twice_in_one_place_is_refused() {
    let secret = file(SECRET);
    let path = file(format!("secret = '{SECRET}'\nsecret-file = '{secret}'\ndatabase-url = '{URL}'"));
    let errors = started(&path, &[]);
    assert!(errors.contains(&format!("  {path}:2: secret-file: PORTCULLIS_SECRET is set as well")), "{errors}");
    let errors = started(&path, &[("PORTCULLIS_SECRET", SECRET), ("PORTCULLIS_SECRET_FILE", &secret)]);
    assert!(errors.contains("  PORTCULLIS_SECRET_FILE: PORTCULLIS_SECRET is set as well"), "{errors}");
}
