//! Templates of mails: the built-in ones and those of the operator, by `portcullis mail preview` and by the start.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::app::SECRET;
use crate::support::cluster::watched_dir;
use crate::support::process::run;
use crate::support::{PASSWORD, TestApp};

/// The kinds of mails.
const KINDS: &[&str] = &[
    "confirm_registration",
    "address_taken",
    "confirm_email",
    "sign_in",
    "reset_password",
    "password_reset",
    "confirm_email_change",
    "email_changed",
    "totp_added",
    "totp_removed",
    "recovery_codes_replaced",
    "recovery_code_used",
    "account_recovered",
    "passkey_added",
    "passkey_removed",
    "device_trusted",
    "passkey_refused",
];

/// Those that only tell of something.
const WITHOUT_LINK: &[&str] = &[
    "password_reset",
    "totp_added",
    "totp_removed",
    "recovery_codes_replaced",
    "recovery_code_used",
    "passkey_added",
    "passkey_removed",
    "device_trusted",
    "passkey_refused",
];

/// A directory of templates with these files, and what the preview says with it: whether it succeeds, and its output.
struct Templates(PathBuf);

impl Templates {
    fn new(files: &[(&str, &str)]) -> Self {
        let templates = Self(watched_dir("templates"));
        files.iter().for_each(|(name, text)| templates.write(name, text));
        templates
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.0.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let directory = self.0.to_str().expect("UTF-8");
        preview(arguments, &[("PORTCULLIS_MAIL_TEMPLATES", directory)])
    }

    /// The fault that stops it.
    fn fault(&self) -> String {
        self.run(&[]).expect_err("a fault")
    }
}

/// Runs the command where no database is.
fn preview(arguments: &[&str], more: &[(&str, &str)]) -> Result<String, String> {
    let environment = [
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing"),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_MAIL_FROM", "Example <no-reply@example.com>"),
        ("PORTCULLIS_LINK_URL", "https://login.example.com/confirm"),
    ];
    let (status, output, errors) = run(&[&["mail", "preview"], arguments].concat(), &[&environment, more].concat());
    if status.success() { Ok(output) } else { Err(errors) }
}

#[test]
fn the_preview_shows_every_mail_in_every_language_without_a_database() {
    let shown = preview(&[], &[]).expect("a preview");
    for language in ["de", "en"] {
        for kind in KINDS {
            assert_eq!(shown.matches(&format!("==== {language}/{kind}\n")).count(), 1, "{shown}");
        }
    }
    let one = preview(&["--locale", "de-AT", "--kind", "sign_in"], &[]).expect("a preview");
    assert_eq!(one.matches("==== ").count(), 1, "{one}");
    assert!(one.contains("Subject: Melden Sie sich an\n") && one.contains("/confirm#sign-in=pcl_"), "{one}");
    for (arguments, why) in [
        (["--locale", "fr"], "there are no templates in the language fr, but in de, en"),
        (["--locale", "../de"], "not a language tag"),
        (["--kind", "nothing"], "confirm_registration"),
    ] {
        let fault = preview(&arguments, &[]).expect_err("a fault");
        assert!(fault.contains(why), "{fault}");
    }
}

#[test]
fn the_preview_writes_files() {
    let out = watched_dir("preview").join("a/b");
    preview(&["--out", out.to_str().expect("UTF-8"), "--locale", "en"], &[]).expect("files");
    for kind in KINDS {
        for extension in ["subject", "txt", "html"] {
            assert!(out.join(format!("en/{kind}.{extension}")).is_file(), "{kind}.{extension}");
        }
    }
    let templates = Templates::new(&[("de/sign_in.subject", "Hallo")]);
    let own = templates.0.to_str().expect("UTF-8").to_owned();
    let fault = templates.run(&["--out", &own]).expect_err("a fault");
    assert!(fault.contains("would overwrite"), "{fault}");
    assert_eq!(fs::read_to_string(templates.0.join("de/sign_in.subject")).expect("the template"), "Hallo");
}

#[test]
fn a_part_of_a_mail_takes_the_place_of_the_built_in_one() {
    let templates = Templates::new(&[
        ("de/sign_in.subject", "Anmelden bei {{ app }}\n"),
        ("de-at/sign_in.txt", "Servus! {{ link }}\n"),
        ("_layout.html", "<html lang=\"{{ locale }}\"><body>{% block body %}{% endblock %}</body></html>"),
        ("en/_code.txt", "Code: {{ code }}"),
        ("en/sign_in.txt", "{% include \"en/_code.txt\" %}"),
        (
            "en/sign_in.html",
            "{% extends \"_layout.html\" %}{% block body %}{{ app }}: <a href=\"{{ link }}\">{{ code }}</a>{% endblock %}",
        ),
    ]);
    let austrian = templates.run(&["--locale", "de-at", "--kind", "sign_in"]).expect("a preview");
    assert!(
        austrian.contains("Subject: Anmelden bei Example\n\nServus! https://login.example.com/confirm#sign-in="),
        "{austrian}"
    );
    let german = templates.run(&["--locale", "de", "--kind", "sign_in"]).expect("a preview");
    assert!(german.contains("Subject: Anmelden bei Example\n\nMelden Sie sich an\n"), "{german}");
    let english = templates.run(&["--locale", "en", "--kind", "sign_in"]).expect("a preview");
    assert!(english.contains("Subject: Sign in\n\nCode: 1234 5678\n"), "{english}");
    let out = templates.0.with_extension("out");
    templates.run(&["--locale", "en", "--out", out.to_str().expect("UTF-8")]).expect("files");
    let html = fs::read_to_string(out.join("en/sign_in.html")).expect("a file");
    fs::remove_dir_all(&out).expect("an end");
    assert!(
        html.starts_with("<html lang=\"en\"><body>Example: <a href=\"https://login.example.com/confirm#sign-in=pcl_"),
        "{html}"
    );
}

#[test]
fn a_new_language_needs_all_mails() {
    let templates = Templates::new(&[]);
    for kind in KINDS {
        let link = if WITHOUT_LINK.contains(kind) { "" } else { "{{ link }}" };
        templates.write(&format!("fr/{kind}.subject"), "Bonjour");
        templates.write(&format!("fr/{kind}.txt"), &format!("Bonjour {link}"));
        templates.write(&format!("fr/{kind}.html"), &format!("<p>Bonjour {link}</p>"));
    }
    templates.write("fr-ca/sign_in.subject", "Allo");
    let shown = templates.run(&[]).expect("a preview");
    assert!(
        shown.contains("==== fr/sign_in\nSubject: Bonjour\n") && shown.contains("==== fr-ca/sign_in\nSubject: Allo\n"),
        "{shown}"
    );
    let directory = templates.0.to_str().expect("UTF-8");
    let default = [("PORTCULLIS_MAIL_LOCALE", "fr-BE"), ("PORTCULLIS_MAIL_TEMPLATES", directory)];
    preview(&[], &default).expect("a default language of the operator");
    fs::remove_file(templates.0.join("fr/email_changed.html")).expect("a file");
    let fault = templates.fault();
    assert!(
        fault.contains("/fr: this language is not built in") && fault.contains("there is no email_changed.html"),
        "{fault}"
    );
    let fault = preview(&[], &[("PORTCULLIS_MAIL_LOCALE", "fr")]).expect_err("a fault");
    assert!(fault.contains("PORTCULLIS_MAIL_LOCALE: there are no templates in the language fr"), "{fault}");
}

#[test]
fn a_template_with_a_fault_is_named_with_its_line() {
    for (name, text, why) in [
        ("de/sign_in.txt", "a\n{{ lnk }}", "de/sign_in.txt:2: undefined"),
        ("de/sign_in.txt", "{{ link }}\n\n{% if %}", "de/sign_in.txt:3: syntax error"),
        ("de/sign_in.txt", "{{ link }}{{ link.host }}", "de/sign_in.txt:1: undefined"),
        (
            "de/sign_in.txt",
            "{{ link }}\n{{ asked_at }}",
            "de/sign_in.txt:2: invalid operation: a value is shown that may be missing",
        ),
        ("de/sign_in.txt", "{{ link }}{% include '/etc/passwd' %}", "de/sign_in.txt:1: template not found"),
        ("de/sign_in.txt", "{{ link }}{% include '../../etc/passwd' %}", "template not found"),
        ("de/sign_in.txt", "{{ link }}{% include 'de/sign_in.txt' %}", "de/sign_in.txt:1: "),
        (
            "de/sign_in.txt",
            "{{ link }}{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "fuel",
        ),
        ("de/sign_in.txt", "Hallo", "it shows neither {{ link }} nor {{ code }}"),
        ("de/email_changed.html", "Hallo {{ new_email or '' }}", "it does not show {{ link }}"),
        ("de/sign_in.subject", "\n", "the subject is empty"),
        ("de/sign_in.subject", &"a".repeat(201), "the subject has more than 200 characters"),
        ("de/sing_in.txt", "{{ link }}", "de/sing_in.txt: its name is none of <kind>.subject"),
        ("de/sign_in.md", "{{ link }}", "de/sign_in.md: its name is none of"),
        ("de/sign_in.txt.bak", "{{ link }}", "its name is none of"),
        ("de/sign_in.txt/a", "{{ link }}", "de/sign_in.txt: it is a folder"),
        ("sign_in.txt", "{{ link }}", "sign_in.txt: templates stand in a folder for each language"),
        ("de_DE/sign_in.txt", "{{ link }}", "de_DE: its name is no language tag"),
        ("pt-BR/sign_in.txt", "{{ link }}", "pt-BR: name it pt-br, in lower case"),
        (".git/config", "", ".git: its name is no language tag"),
        ("de/sign_in.txt", &"a".repeat(300_000), "it has more than 262144 bytes"),
    ] {
        let fault = Templates::new(&[(name, text)]).fault();
        assert!(fault.contains("the templates of mails can't be used") && fault.contains(why), "{name}: {fault}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let templates = Templates::new(&[("de/sign_in.txt", "{{ a }}"), ("en/sign_in.html", "{{ b }}")]);
    let fault = templates.fault();
    assert!(fault.contains("/de/sign_in.txt:1: ") && fault.contains("/en/sign_in.html:1: "), "{fault}");
    let missing = preview(&[], &[("PORTCULLIS_MAIL_TEMPLATES", "/nonexistent/templates")]).expect_err("a fault");
    assert!(missing.contains("/nonexistent/templates: can't be read: No such file"), "{missing}");
}

#[test]
fn only_files_of_the_directory_are_read() {
    let secret = Templates::new(&[("passwords", "hunter2 {{ link }}")]);
    let in_place = |place: &str, make: &dyn Fn(&Path)| {
        let templates = Templates::new(&[("de/sign_in.subject", "Hallo")]);
        make(&templates.0.join(place));
        let fault = templates.fault();
        assert!(fault.contains(place) && !fault.contains("hunter2"), "{fault}");
        fault
    };
    for place in ["de/sign_in.txt", "_shared.txt", "fr"] {
        let fault = in_place(place, &|path| symlink(secret.0.join("passwords"), path).expect("a link"));
        assert!(fault.contains("it is a symbolic link"), "{fault}");
    }
    let fault = in_place("fr", &|path| symlink(&secret.0, path).expect("a link"));
    assert!(fault.contains("it is a symbolic link"), "{fault}");
    let fault = in_place("de/sign_in.txt", &|path| {
        let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo");
        assert!(made.success());
    });
    assert!(fault.contains("it is neither a file nor a folder"), "{fault}");
    let fault = in_place("de/sign_in.txt", &|path| {
        fs::write(path, "{{ link }}").expect("a file");
        fs::set_permissions(path, Permissions::from_mode(0o666)).expect("a mode");
    });
    assert!(fault.contains("all users of this machine may change it"), "{fault}");
    let fault = in_place("de/sign_in.txt", &|path| fs::write(path, b"\xff{{ link }}").expect("a file"));
    assert!(fault.contains("it is not text in UTF-8"), "{fault}");
}

#[test]
fn a_start_is_stopped_by_a_faulty_template() {
    let templates = Templates::new(&[("de/sign_in.html", "\n{{ nothing }}")]);
    let data_dir = watched_dir("templates");
    let environment = [
        ("PORTCULLIS_DATA_DIR", data_dir.to_str().expect("UTF-8")),
        ("PORTCULLIS_MAIL_TEMPLATES", templates.0.to_str().expect("UTF-8")),
    ];
    let (status, _, errors) = run(&[], &environment);
    assert!(!status.success() && errors.contains("/de/sign_in.html:2: undefined"), "{errors}");
}

/// Registers with this input and these headers, and gives the text of the mail that comes of it.
async fn mail(app: &TestApp, email: &str, more: Value, headers: &[(&str, &str)]) -> String {
    let mut input = json!({ "email": email, "password": PASSWORD });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let query = "mutation($input: RegisterInput!) { register(input: $input) { __typename } }";
    let body = json!({ "query": query, "variables": { "input": input } }).to_string();
    let request =
        headers.iter().fold(app.anonymous().post(body), |request, (name, value)| request.header(*name, *value));
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["data"]["register"]["__typename"], "RegistrationPending", "{answer}");
    app.mail_to(email).await.text().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_input_then_the_browser_then_the_setting_decides_the_language() {
    let app = TestApp::with(&["--email-verification=required", "--mail-locale=de"]).await;
    let (english, german) = ("Confirm your registration", "Bestätigen Sie Ihre Registrierung");
    let long = "en,".repeat(200);
    for (number, (locale, accepted, subject)) in [
        (Some("en-GB"), Some("de"), english),
        (Some("fr"), Some("en;q=0.1"), english),
        (Some("../en\r\n"), None, german),
        (None, Some("fr-FR, en-US;q=0.7, de;q=0.3"), english),
        (None, Some("en;q=0, *;q=0.5"), german),
        (None, Some("en;q=nan, ../../etc/passwd, \"en\""), german),
        (None, Some(long.as_str()), german),
        (None, None, german),
    ]
    .into_iter()
    .enumerate()
    {
        let headers: Vec<_> = accepted.map(|accepted| ("accept-language", accepted)).into_iter().collect();
        let text = mail(&app, &format!("ada{number}@example.com"), json!({ "locale": locale }), &headers).await;
        assert!(text.starts_with(subject), "{locale:?} {accepted:?}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_no_message_of_whoever_types_their_address() {
    let app = TestApp::with(&["--email-verification=required"]).await;
    let lure = [("user-agent", "You have won: https://evil.example <b>Firefox/1.0</b>")];
    let text = mail(&app, "ada@example.com", json!({ "username": "evil.com" }), &lure).await;
    assert!(!text.contains("evil") && !text.contains("won") && text.contains("  Device      Firefox\n"), "{text}");
}
