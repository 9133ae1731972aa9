//! Mails as files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use portcullis::use_cases::send_mails::send_mails;

use crate::support::TestApp;
use crate::support::app::{SECRET, instance};
use crate::support::cluster::watched_dir;
use crate::support::outbox::{LINK, post};

#[tokio::test(flavor = "multi_thread")]
async fn each_mail_is_one_file_that_only_its_owner_reads() {
    let dir = watched_dir("mails").join("of/the/test");
    let app = TestApp::with(&[&format!("--mail-dir={}", dir.display())]).await;
    assert_eq!(fs::read_dir(&dir).expect("it is made at start").count(), 0);
    let mail = post(&app.database.operator, "ada@example.com").await;
    assert_eq!(send_mails(&app.app).await.expect("a database"), 1);
    let files: Vec<_> = fs::read_dir(&dir).expect("files").map(|entry| entry.expect("a file").path()).collect();
    assert_eq!(files, [dir.join(format!("{mail}.eml"))]);
    assert_eq!(fs::metadata(&files[0]).expect("a file").permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&files[0]).expect("a mail").replace("=\r\n", "").replace("=3D", "=");
    assert!(text.contains("From: Portcullis <no-reply@localhost>\r\n") && text.contains(LINK), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_takes_no_files_stops_the_start() {
    let dir = watched_dir("mails");
    fs::write(dir.join("file"), "").expect("a file");
    let app = TestApp::start().await;
    let flag = format!("--mail-dir={}", dir.join("file").display());
    let started = instance(&app.database.url, &app.clock, SECRET, &[&flag]).await;
    let error = started.expect_err("a fault").to_string();
    assert!(error.contains("PORTCULLIS_MAIL_DIR") && error.contains("/file"), "{error}");
}
