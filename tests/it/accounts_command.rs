//! `portcullis accounts`, through the built binary.

use serde_json::json;

use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::process::{Server, run, run_with};
use crate::support::{PASSWORD, until};

/// Settings of an instance where nobody may register, on a database that has been migrated.
async fn closed() -> (TestDatabase, [(&'static str, String); 4]) {
    let database = TestDatabase::new().await;
    let environment = [
        ("DATABASE_URL", database.url.clone()),
        ("PORTCULLIS_SECRET", SECRET.to_owned()),
        ("PORTCULLIS_OPEN_REGISTRATION", "off".to_owned()),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64".to_owned()),
    ];
    let (status, _, errors) = run(&["migrate"], &borrowed(&environment));
    assert!(status.success(), "{errors}");
    (database, environment)
}

fn borrowed<'a>(environment: &'a [(&'static str, String); 4]) -> [(&'static str, &'a str); 4] {
    environment.each_ref().map(|(name, value)| (*name, value.as_str()))
}

/// The events of the accounts, in order.
async fn events(database: &TestDatabase) -> Vec<String> {
    let query = "SELECT kind FROM audit_events ORDER BY occurred_at";
    database.operator.query(query, &[]).await.expect("events").iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_may_register_an_operator_makes_accounts() {
    let (database, environment) = closed().await;
    let environment = borrowed(&environment);
    let create = ["accounts", "create", "Ada@example.com", "--username", "ada"];
    let (status, id, errors) = run_with(&create, &environment, format!("{PASSWORD}\r\n").as_bytes());
    assert!(status.success(), "{errors}");
    assert_eq!(database.count("SELECT count(*) FROM sessions").await, 0);
    assert_eq!(database.count("SELECT count(*) FROM accounts WHERE email_verified_at = created_at").await, 1);

    let server = Server::start(&environment);
    let input = json!({ "email": "eve@example.com", "password": PASSWORD });
    assert_eq!(server.client().try_register(input).await["data"]["register"]["__typename"], "RegistrationClosed");
    let ada = server.client().login("ada").await;
    assert_eq!(ada.user_id(), id.trim());
    assert_eq!(ada.user()["email"], "Ada@example.com");
    server.client().login("ada@example.com").await;
    assert_eq!(events(&database).await, ["registered", "logged_in", "logged_in"]);
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_could_not_register_is_not_made_by_command() {
    let (database, environment) = closed().await;
    let environment = borrowed(&environment);
    let create = |email: &str, username: &str, password: &[u8]| {
        run_with(&["accounts", "create", email, "--username", username], &environment, password)
    };
    let (status, _, errors) = create("ada@example.com", "ada", PASSWORD.as_bytes());
    assert!(status.success(), "{errors}");
    for (email, username, password, why) in [
        ("ADA@example.com", "other", PASSWORD.as_bytes(), "an account with this e-mail address exists"),
        ("other@example.com", "ADA", PASSWORD.as_bytes(), "an account with this username exists"),
        ("other", "a", b"hunter2".as_slice(), "This is not an e-mail address. A username has at least 3 characters"),
        ("other@example.com", "other", b"hunter2\nlonger than a line", "A password has at least 8 characters"),
        ("other@example.com", "other", b"other@example.com", "easily guessed"),
        ("other@example.com", "other", b"\xff\xfe hunter2 \xff", "not text in UTF-8"),
        ("other@example.com", "other", &[b'x'; 300], "A password has at most 256 characters"),
        ("other@example.com", "other", b"", "A password has at least 8 characters"),
    ] {
        let (status, said, errors) = create(email, username, password);
        assert!(status.code() == Some(1) && said.is_empty() && errors.contains(why), "{why}: {said}{errors}");
        assert!(!errors.contains("hunter2"), "{errors}");
    }
    assert_eq!(database.count("SELECT count(*) FROM accounts").await, 1);
    assert_eq!(events(&database).await, ["registered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_shut_out_and_let_in_again_by_command_while_servers_run() {
    let (database, environment) = closed().await;
    let environment = borrowed(&environment);
    let create = ["accounts", "create", "ada@example.com", "--username", "ada"];
    let (_, id, _) = run_with(&create, &environment, PASSWORD.as_bytes());
    let accounts = |arguments: &[&str]| run(&[&["accounts"], arguments].concat(), &environment);
    let server = Server::start(&environment);
    for name in ["ADA@example.com", "Ada", id.trim()] {
        let ada = server.client().login("ada").await;
        assert_eq!(ada.is_signed_in().await, Ok(()));
        let (status, said, errors) = accounts(&["disable", name]);
        assert!(status.success() && said == format!("The account {} is disabled.\n", id.trim()), "{said}{errors}");
        until("the token is refused", async || ada.is_signed_in().await.is_err()).await;
        assert_eq!(ada.is_signed_in().await, Err("SESSION_REVOKED".into()));
        assert_eq!(server.client().login_type("ada", PASSWORD).await, "InvalidCredentials");
        let (status, _, errors) = accounts(&["disable", name]);
        assert!(status.code() == Some(1) && errors.contains("is disabled already"), "{errors}");

        let (status, said, errors) = accounts(&["enable", name]);
        assert!(status.success() && said.contains("is enabled"), "{said}{errors}");
        let again = server.client().login("ada").await;
        assert_eq!(again.is_signed_in().await, Ok(()), "the account is let in");
        assert_eq!(ada.is_signed_in().await, Err("SESSION_REVOKED".into()), "and no session of before");
        assert_eq!(ada.try_refresh(ada.refresh_token()).await["reason"], "REVOKED");
        let (status, _, errors) = accounts(&["enable", name]);
        assert!(status.code() == Some(1) && errors.contains("is enabled already"), "{errors}");
    }
    for nobody in ["eve@example.com", "eve", "", "' OR true --", "01a205b5-3e9f-7102-a065-bf7c97c487b3"] {
        let (status, _, errors) = accounts(&["disable", nobody]);
        assert!(status.code() == Some(1) && errors.contains("no account has this"), "{nobody}: {errors}");
    }
    let told = "SELECT count(*) FROM audit_events WHERE kind IN ('account_disabled', 'account_enabled')";
    assert_eq!(database.count(told).await, 6, "what changed nothing is no event");
    let query = "{ me { securityEvents(first: 100) { nodes { kind ipAddress } } } }";
    let answer = server.client().login("ada").await.send(query, json!(null)).await;
    let nodes = answer["data"]["me"]["securityEvents"]["nodes"].as_array().expect("events").clone();
    assert!(nodes.contains(&json!({ "kind": "ACCOUNT_ENABLED", "ipAddress": null })), "{answer}");
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_signed_out_deleted_and_restored_by_command_while_servers_run() {
    let (database, environment) = closed().await;
    let mut environment = borrowed(&environment).to_vec();
    let create = ["accounts", "create", "ada@example.com", "--username", "ada"];
    let (_, id, _) = run_with(&create, &environment, PASSWORD.as_bytes());
    let server = Server::start(&environment);
    environment.push(("PORTCULLIS_DELETED_ACCOUNTS_KEPT", "30d"));
    let accounts = |arguments: &[&str]| run(&[&["accounts"], arguments].concat(), &environment);
    for name in ["ADA@example.com", "Ada", id.trim()] {
        let ada = server.client().login("ada").await;
        assert_eq!(ada.is_signed_in().await, Ok(()));
        let (status, said, errors) = accounts(&["sign-out", name]);
        assert!(
            status.success() && said == format!("The account {} is signed out everywhere.\n", id.trim()),
            "{said}{errors}"
        );
        until("the token is refused", async || ada.is_signed_in().await.is_err()).await;
        assert_eq!(ada.try_refresh(ada.refresh_token()).await["reason"], "REVOKED");
    }
    let told = "SELECT count(*) FROM audit_events WHERE kind = 'account_signed_out'";
    assert_eq!(database.count(told).await, 3);
    let (status, said, errors) = accounts(&["restore", "ada"]);
    assert!(status.code() == Some(1) && said.is_empty() && errors.contains("no account that was deleted"), "{errors}");
    server.stop();

    // An operator who keeps deleted accounts sets that on all instances.
    let server = Server::start(&environment);
    let (status, said, errors) = accounts(&["delete", "Ada"]);
    assert!(status.success() && said == format!("The account {} is deleted.\n", id.trim()), "{said}{errors}");
    assert_eq!(server.client().login_type("ada", PASSWORD).await, "InvalidCredentials");
    for gone in ["ada", "ada@example.com", id.trim(), "eve", ""] {
        for command in ["delete", "sign-out", "enable", "disable"] {
            let (status, _, errors) = accounts(&[command, gone]);
            assert!(status.code() == Some(1) && errors.contains("no account has this"), "{command} {gone}: {errors}");
        }
    }
    let (status, _, errors) = accounts(&["create", "other@example.com", "--username", "ADA"]);
    assert!(!status.success() && errors.contains("at least 8"), "no password was given: {errors}");
    let (status, said, errors) = accounts(&["restore", "ADA@example.com"]);
    assert!(status.success() && said == format!("The account {} is restored.\n", id.trim()), "{said}{errors}");
    server.client().login("ada").await;
    server.stop();
}
