//! A sign-in that waits while the server is killed and starts anew.

use portcullis::clock::Clock;
use serde_json::json;

use super::{ADA, complete, login};
use crate::support::PASSWORD;
use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::process::{Server, run};
use crate::totp::{Authenticator, confirm, kind, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_goes_on_after_the_server_was_killed_and_counts_on() {
    let database = TestDatabase::new().await;
    let environment = [
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
        ("PORTCULLIS_ENV", "development"),
        ("PORTCULLIS_EMAIL_VERIFICATION", "off"),
    ];
    let (status, _, errors) = run(&["migrate"], &environment);
    assert!(status.success(), "{errors}");
    let mut server = Server::start(&environment);
    let registered = server.client().try_register(json!({ "email": ADA, "password": PASSWORD })).await;
    let ada = server.client().signed_in(&registered["data"]["register"]);
    let started = start(&ada).await;
    let code = Authenticator::new(&started).code_at(Clock::system().now().timestamp());
    let confirmed = confirm(&ada, &started, &code).await;
    let codes = confirmed["recoveryCodes"].as_array().unwrap_or_else(|| panic!("{confirmed}")).clone();
    let waiting = login(&server.client(), PASSWORD).await;
    assert_eq!(kind(&waiting), "SecondFactorRequired", "{waiting}");
    let wrong = complete(&server.client(), &waiting, json!({ "recoveryCode": "0AAA-AAAA-AAAA" })).await;
    assert_eq!(wrong["triesLeft"], 4, "{wrong}");
    server.kill();

    let server = Server::start(&environment);
    let wrong = complete(&server.client(), &waiting, json!({ "recoveryCode": "0AAA-AAAA-AAAA" })).await;
    assert_eq!(wrong["triesLeft"], 3, "{wrong}");
    let completed = complete(&server.client(), &waiting, json!({ "recoveryCode": codes[0] })).await;
    assert_eq!(kind(&completed), "LoginSuccess", "{completed}");
    server.stop();
}
