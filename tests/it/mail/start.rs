//! What a start says of mails, and which settings it refuses.

use crate::support::app::{SECRET, settings};
use crate::support::database::TestDatabase;
use crate::support::process::{Server, run};

/// Starts a server with these settings, stops it, and returns its log.
async fn log(settings: &[(&str, &str)]) -> String {
    let database = TestDatabase::new().await;
    let own = [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    Server::start(&[&own, settings].concat()).stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_says_once_how_mails_leave() {
    let from = ("PORTCULLIS_MAIL_FROM", "Example <no-reply@example.com>");
    let smtp = |url| [("PORTCULLIS_SMTP_URL", url), from];
    let dir = crate::support::cluster::watched_dir("mails");
    let over_http = ("PORTCULLIS_LINK_URL", "http://login.example.com/confirm");
    for (settings, said, unsaid) in [
        (vec![], vec!["WARN", "no mail can be sent", "PORTCULLIS_SMTP_URL is not set"], vec!["/mail"]),
        (
            vec![("PORTCULLIS_ENV", "development"), ("PORTCULLIS_ISSUER", "https://auth.example.com/a/")],
            vec!["WARN", "mails are neither sent nor shown"],
            vec!["no mail can be sent"],
        ),
        (
            vec![("PORTCULLIS_ENV", "development")],
            vec!["no mail is sent: they are shown at this address", "/mail"],
            vec!["WARN"],
        ),
        (
            smtp("smtp://ada:hunter2@mail.example.com").to_vec(),
            vec!["mails are sent by SMTP", "mail.example.com:587", "Required", "no-reply@example.com"],
            vec!["hunter2", "WARN"],
        ),
        (smtp("smtp://ada:hunter2@mail.example.com?tls=none").to_vec(), vec!["WARN", "unencrypted"], vec!["hunter2"]),
        (
            [&smtp("smtps://mail.example.com")[..], &[over_http]].concat(),
            vec!["WARN", "links in mails lead to a page over http", "http://login.example.com/confirm"],
            vec!["unencrypted"],
        ),
        (vec![("PORTCULLIS_MAIL_DIR", dir.to_str().expect("UTF-8"))], vec!["WARN", "PORTCULLIS_MAIL_DIR"], vec![]),
    ] {
        let log = log(&settings).await;
        for text in said {
            assert_eq!(
                log.matches(text).count().min(2),
                if text == "WARN" { log.matches(text).count().clamp(1, 2) } else { 1 },
                "{text}: {log}"
            );
        }
        assert!(!unsaid.iter().any(|text| log.contains(text)), "{unsaid:?}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_can_not_be_read_stop_the_start() {
    let database = TestDatabase::new().await;
    for (file, why) in [
        ("/no/such/file", "can't be read"),
        (concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "holds no certificates"),
    ] {
        let url = format!("smtps://ada:hunter2@mail.example.com?sslrootcert={file}");
        let (status, _, errors) = run(
            &[],
            &[
                ("DATABASE_URL", &database.url),
                ("PORTCULLIS_SECRET", SECRET),
                ("PORTCULLIS_SMTP_URL", &url),
                ("PORTCULLIS_MAIL_FROM", "a@example.com"),
            ],
        );
        assert!(!status.success() && errors.contains("PORTCULLIS_SMTP_URL") && errors.contains(why), "{errors}");
        assert!(!errors.contains("hunter2"), "{errors}");
    }
}

#[test]
fn settings_of_mails_that_can_not_be_right_are_all_told() {
    let fault = |flags: &[&str]| {
        let flags = [&["--database-url=postgres://db/x", "--secret", SECRET], flags].concat();
        settings(&flags).check().expect_err("a fault").to_string()
    };
    let from = "--mail-from=no-reply@example.com";
    for (flags, why) in [
        (vec!["--smtp-url=smtp://mail.example.com"], "PORTCULLIS_MAIL_FROM: it must be set"),
        (vec!["--smtp-url=http://ada:hunter2@mail.example.com", from], "PORTCULLIS_SMTP_URL: its scheme"),
        (vec!["--smtp-url=smtp://ada:hun/ter2@mail.example.com", from], "PORTCULLIS_SMTP_URL: it is not a URL"),
        (vec!["--smtp-url=smtp://a", "--mail-from=Example"], "PORTCULLIS_MAIL_FROM: it is neither an address"),
        (vec!["--smtp-url=smtp://a", "--mail-from=a@b.c\r\nBcc: eve@example.com"], "PORTCULLIS_MAIL_FROM: it holds"),
        (
            vec!["--smtp-url=smtp://a", from, "--mail-dir=/tmp/x"],
            "PORTCULLIS_MAIL_DIR: PORTCULLIS_SMTP_URL is set as well",
        ),
        (vec!["--link-url=https://ada:hunter2@login.example.com/"], "PORTCULLIS_LINK_URL: it has a user"),
        (vec!["--email-verification=required"], "PORTCULLIS_EMAIL_VERIFICATION: no mail can be sent"),
    ] {
        let faults = fault(&flags);
        assert!(faults.contains(why) && !faults.contains("hunter2") && !faults.contains("ter2"), "{flags:?}: {faults}");
        assert_eq!(faults.lines().count(), 2, "one fault: {faults}");
    }
    let two = fault(&["--smtp-url=http://a", "--mail-from=b"]);
    assert!(two.contains("PORTCULLIS_SMTP_URL") && two.contains("PORTCULLIS_MAIL_FROM"), "{two}");
}
