//! pyotp of PyPI, as an app that scans the QR code: it gets the URI and nothing else.

use std::process::Command;

use super::{STEP, confirm, kind, prove, start};
use crate::support::TestApp;
use crate::support::python::Pip;

const PYTHON: Pip = Pip { folder: "pyotp", module: "pyotp" };

const CODE: &str = "import sys, pyotp; print(pyotp.parse_uri(sys.argv[1]).at(int(sys.argv[2])))";

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_knows_the_uri_alone_makes_codes_that_are_right() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let Some(python) = PYTHON.python_or_explain() else { return };
    let started = start(&ada).await;
    let uri = started["uri"].as_str().expect("a URI");
    let code = || {
        let now = app.clock.clock().now().timestamp().to_string();
        let made = Command::new(&python).args(["-c", CODE, uri, &now]).output().expect("python");
        String::from_utf8(made.stdout).expect("digits").trim().to_owned()
    };
    assert_eq!(kind(&confirm(&ada, &started, &code()).await), "ConfirmTotpSuccess");
    app.clock.advance(STEP);
    assert_eq!(kind(&prove(&ada, &code()).await), "ReauthenticateSuccess");
}
