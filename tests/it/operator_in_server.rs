//! Use cases of operators, called in a server and not by a command: the same outcomes and events, and nothing that the server
//! remembers outlives them.

use portcullis::app::Operator;
use portcullis::error::{Error, Reason};
use portcullis::tokens::Credential;
use portcullis::use_cases::accounts::{Created, Registration, Switched, create, delete, set_enabled, sign_out};
use portcullis::use_cases::authenticate::authenticate;
use portcullis::use_cases::keys::rotate_at_once;

use crate::support::{PASSWORD, SignedIn, TestApp};

/// Why the server refuses this client now, without a moment for the feed to tell it anything.
async fn refusal(app: &TestApp, client: &SignedIn) -> Option<Reason> {
    let credential = Credential::Bearer(client.access_token().to_owned());
    match authenticate(&app.app, &credential).await {
        Ok(_) => None,
        Err(Error::Unauthenticated(reason)) => Some(reason),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_ends_it_refuses_at_once() {
    let app = TestApp::start().await;
    for (round, ended) in (0..15).zip(["disabled", "signed out", "deleted"].into_iter().cycle()) {
        let email = format!("ada{round}@example.com");
        let ada = app.registered(&email).await;
        assert_eq!(refusal(&app, &ada).await, None, "it is remembered from here on");
        let operator = app.app.operator();
        match ended {
            "disabled" => {
                let done = set_enabled(&operator, &email, false).await.expect("a database");
                assert!(matches!(done, Switched::Done(_)), "{done:?}");
            }
            "signed out" => assert!(sign_out(&operator, &email).await.expect("a database").is_some()),
            _ => assert!(delete(&operator, &email).await.expect("a database").is_some()),
        }
        assert_eq!(refusal(&app, &ada).await, Some(Reason::SessionRevoked), "{ended}, round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_a_server_replaces_verify_nothing_more() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    for round in 0..5 {
        let ada = ada.login("ada@example.com").await;
        assert_eq!(refusal(&app, &ada).await, None);
        rotate_at_once(&app.app.operator()).await.expect("a rotation");
        assert_eq!(refusal(&app, &ada).await, Some(Reason::TokenInvalid), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_and_a_server_leave_the_same_events() {
    let app = TestApp::start().await;
    let console = app.console(&[]);
    let all = async |email: &str, operator: Operator<'_>| {
        let typed = Registration { email: email.to_owned(), password: PASSWORD.to_owned(), username: None };
        let Ok(Created::Done(id)) = create(&operator, typed).await else { panic!("no account") };
        for enabled in [false, false, true] {
            set_enabled(&operator, email, enabled).await.expect("a database");
        }
        sign_out(&operator, email).await.expect("a database");
        delete(&operator, email).await.expect("a database");
        let kinds = "SELECT kind FROM audit_events WHERE account_id = $1::text::uuid ORDER BY kind";
        let rows = app.database.operator.query(kinds, &[&id.to_string()]).await.expect("rows");
        rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>()
    };
    let by_command = all("ada@example.com", console.operator()).await;
    assert_eq!(by_command.len(), 5, "{by_command:?}");
    assert_eq!(all("eve@example.com", app.app.operator()).await, by_command);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_hashes_an_operators_password_on_its_own_threads() {
    let flags = ["--hashing-threads=1", "--hashing-queue=1"];
    let app = TestApp::with(&flags).await;
    let permits = [app.app.passwords.permit().expect("a permit"), app.app.passwords.permit().expect("a permit")];
    let typed = |email: &str| Registration { email: email.to_owned(), password: PASSWORD.to_owned(), username: None };
    let refused = create(&app.app.operator(), typed("ada@example.com")).await;
    assert!(matches!(refused, Err(Error::Busy { .. })), "{refused:?}");
    let made = create(&app.console(&flags).operator(), typed("ada@example.com")).await;
    assert!(matches!(made, Ok(Created::Done(_))), "a command waits for nobody: {made:?}");
    drop(permits);
    let made = create(&app.app.operator(), typed("eve@example.com")).await;
    assert!(matches!(made, Ok(Created::Done(_))), "{made:?}");
}
