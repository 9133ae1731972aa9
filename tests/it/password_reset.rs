//! Setting a new password with what a mail brought.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::database::{BLOCKED, TestDatabase};
use crate::support::flows::{code, kind, wrong};
use crate::support::proxy::Proxy;
use crate::support::{Client, PASSWORD, TestApp, until};

const NEW: &str = "another staple for the horse";
const ADA: &str = "ada@example.com";
const MINUTE: Duration = Duration::from_secs(60);

/// The kinds and the recipients of all mails, in the order in which they were written.
async fn mails(app: &TestApp) -> Vec<String> {
    let query = "SELECT kind || ' to ' || recipient FROM mails ORDER BY created_at, kind";
    let rows = app.database.operator.query(query, &[]).await.expect("mails");
    rows.iter().map(|row| row.get(0)).collect()
}

/// The events of all accounts and of nobody, in the order in which they were recorded.
async fn events(app: &TestApp) -> Vec<String> {
    let query = "SELECT kind || CASE WHEN account_id IS NULL THEN ' of nobody' ELSE '' END FROM audit_events ORDER BY occurred_at, kind";
    let rows = app.database.operator.query(query, &[]).await.expect("events");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Asks for a mail, and gives the answer and what the mail brought as proofs: the link and the code.
async fn asked(app: &TestApp, email: &str) -> (Value, Value) {
    let started = app.anonymous().start_password_reset(email).await;
    assert_eq!(kind(&started), "EmailFlowStarted", "{started}");
    // A mail that tells of a reset before may come later.
    let mails = app.mails_to(email).await;
    let mail = mails.iter().find(|mail| mail.text().contains("#reset-password=")).expect("a mail");
    (mail.by_link(), code(&started, &mail.code()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_sets_a_new_password_ends_everything_and_signs_nobody_in() {
    let app = TestApp::start().await;
    let peer = app.peer(&[]).await;
    let laptop = app.registered(ADA).await;
    let phone = peer.continued_by(&app.anonymous().login(ADA).await);
    assert_eq!((laptop.is_signed_in().await, phone.is_signed_in().await), (Ok(()), Ok(())));
    let (link, _) = asked(&app, ADA).await;
    let done = app.anonymous().complete_password_reset(link.clone(), NEW).await;
    assert_eq!((kind(&done), &done["endedCount"]), ("CompletePasswordResetSuccess", &json!(2)), "{done}");
    // They were opened at the same moment, so either may come first.
    let mut ended = [phone.session_id(), laptop.session_id()];
    ended.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(done["endedSessions"]["nodes"], json!(ended.map(|id| json!({ "id": id, "current": false }))));
    assert_eq!(laptop.is_signed_in().await, Err("SESSION_REVOKED".into()));
    until("the other instance has heard", async || phone.is_signed_in().await == Err("SESSION_REVOKED".into())).await;
    assert_eq!(phone.try_refresh(phone.refresh_token()).await["reason"], "REVOKED");
    let living =
        "SELECT count(*) FROM sessions JOIN accounts ON accounts.id = account_id WHERE generation = session_generation";
    assert_eq!(app.database.count(living).await, 0, "it opens no session");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "InvalidCredentials");
    assert_eq!(mails(&app).await, ["password_reset to ada@example.com", "reset_password to ada@example.com"]);
    assert_eq!(app.mails_to(ADA).await.len(), 2);
    // A device that signed in with the old password is one that never did: the next token is of another device.
    let device = |token: &str| token.split('.').nth(1).expect("a device").to_owned();
    let answer = app.anonymous().on_device(laptop.device_token()).try_login(ADA, NEW).await;
    let next = answer["data"]["login"]["deviceToken"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert_ne!(device(next), device(laptop.device_token()));
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, PASSWORD).await), "FlowExpired", "it is used");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_works_with_the_flow_that_asked_for_it_alone() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    app.registered("eve@example.com").await;
    let (_, proof) = asked(&app, ADA).await;
    let (_, of_eve) = asked(&app, "eve@example.com").await;
    let mixed = json!({ "code": { "flow": of_eve["code"]["flow"], "code": proof["code"]["code"] } });
    let refused = app.anonymous().complete_password_reset(mixed, NEW).await;
    assert_eq!((kind(&refused), &refused["triesLeft"]), ("InvalidCode", &json!(4)), "{refused}");
    let done = app.anonymous().at("127.0.0.7").complete_password_reset(proof, NEW).await;
    assert_eq!(kind(&done), "CompletePasswordResetSuccess", "{done}");
    assert_eq!(app.anonymous().login_type(ADA, NEW).await, "LoginSuccess");
    assert_eq!(app.anonymous().login_type("eve@example.com", PASSWORD).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_disabled_addresses_are_answered_as_known_ones_are() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1"]).await;
    app.registered(ADA).await;
    app.registered("eve@example.com").await;
    app.database.execute("UPDATE accounts SET disabled_at = now() WHERE email = 'eve@example.com'").await;
    app.anonymous().start_password_reset("warm@example.com").await;
    app.anonymous().start_email_sign_in("warm@example.com").await;
    for email in [ADA, "nobody@example.com", "eve@example.com"] {
        for start in ["reset", "sign-in"] {
            let before = proxy.trips();
            let mut answer = match start {
                "reset" => app.anonymous().start_password_reset(email).await,
                _ => app.anonymous().start_email_sign_in(email).await,
            };
            assert_eq!(proxy.trips() - before, 2, "{start} of {email}");
            assert!(answer["flow"].take().as_str().is_some_and(|flow| flow.len() == 47 && flow.starts_with("pcf_")));
            let expected = json!({ "__typename": "EmailFlowStarted", "flow": null,
                "expiresAt": "2026-01-01T01:00:00Z", "resendAfter": "2026-01-01T00:01:00Z" });
            assert_eq!(answer, expected, "{start} of {email}");
        }
    }
    assert_eq!(mails(&app).await, ["reset_password to ada@example.com", "sign_in to ada@example.com"]);
    // A wrong code tells nothing either.
    let unknown = app.anonymous().start_password_reset("nobody@example.com").await;
    let known = app.anonymous().start_password_reset(ADA).await;
    let answers = [unknown, known].map(|started| {
        let client = app.anonymous();
        async move { client.complete_password_reset(code(&started, "12345678"), NEW).await }
    });
    let answers = join_all(answers).await;
    assert_eq!((&answers[0], kind(&answers[0])), (&answers[1], "InvalidCode"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_told_and_other_spellings_reach_the_address_of_the_account() {
    let app = TestApp::start().await;
    app.registered("Ada@Example.com").await;
    let answer = app.anonymous().start_password_reset("ada").await;
    assert_eq!(answer["fields"], json!([{ "path": ["input", "email"], "code": "INVALID_FORMAT" }]), "{answer}");
    app.anonymous().start_password_reset(" ADA@example.COM ").await;
    assert_eq!(mails(&app).await, ["reset_password to Ada@example.com"]);
    let link = app.mail_to("Ada@example.com").await.by_link();
    let done = app.anonymous().complete_password_reset(link, NEW).await;
    assert_eq!(kind(&done), "CompletePasswordResetSuccess", "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_gets_its_first_one() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    app.database.execute("DELETE FROM passwords").await;
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "InvalidCredentials");
    let (link, _) = asked(&app, ADA).await;
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, NEW).await), "CompletePasswordResetSuccess");
    assert_eq!(app.anonymous().login_type(ADA, NEW).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_can_not_be_taken_leaves_the_link_and_the_code_as_they_are() {
    let app = TestApp::start().await;
    app.anonymous().try_register(json!({ "email": ADA, "username": "lovelace", "password": PASSWORD })).await;
    let (link, by_code) = asked(&app, ADA).await;
    let complete = async |proof: &Value, new: &str| app.anonymous().complete_password_reset(proof.clone(), new).await;
    for proof in [&link, &by_code] {
        let short = complete(proof, "short").await;
        assert_eq!(short["fields"], json!([{ "path": ["input", "newPassword"], "code": "TOO_SHORT" }]), "{short}");
        assert_eq!(complete(proof, &"x".repeat(257)).await["fields"][0]["code"], "TOO_LONG");
        for weak in ["password1", ADA, "lovelace"] {
            assert_eq!(kind(&complete(proof, weak).await), "WeakPassword", "{weak}");
        }
    }
    // Nobody is told that a password is weak without the proof.
    assert_eq!(kind(&complete(&json!({ "link": "pcl_no" }), "password1").await), "FlowExpired");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess");
    assert_eq!(kind(&complete(&by_code, NEW).await), "CompletePasswordResetSuccess");
    assert_eq!(kind(&complete(&link, NEW).await), "FlowExpired", "the link and the code are of one flow");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_or_of_another_kind_is_refused() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (link, by_code) = asked(&app, ADA).await;
    let complete = async |proof: &Value| app.anonymous().complete_password_reset(proof.clone(), NEW).await;
    let with = |link: &str| json!({ "link": link });
    let token = link["link"].as_str().expect("a token");
    let flow = by_code["code"]["flow"].as_str().expect("a token");
    for proof in [
        with(""),
        with("pcl_"),
        with(&token[..46]),
        with(&format!("{token}A")),
        with(&format!("{token} ")),
        with(&token.replace("pcl_", "pcf_")),
        // Whoever asked has no link.
        with(flow),
        with(&flow.replace("pcf_", "pcl_")),
        with(&"pcl_".repeat(10_000)),
        json!({ "code": { "flow": token, "code": by_code["code"]["code"] } }),
        json!({ "code": { "flow": "", "code": "" } }),
    ] {
        assert_eq!(kind(&complete(&proof).await), "FlowExpired", "{proof:.100}");
    }
    // What other mails bring.
    app.clock.advance(MINUTE);
    let signing_in = app.anonymous().start_email_sign_in(ADA).await;
    let mail = app.mail_to(ADA).await;
    assert_eq!(kind(&complete(&mail.by_link()).await), "FlowExpired");
    assert_eq!(kind(&complete(&code(&signing_in, &mail.code())).await), "FlowExpired");
    let verifying = ada.start_email_verification().await;
    let mail = app.mail_to(ADA).await;
    assert_eq!(kind(&complete(&mail.by_link()).await), "FlowExpired");
    assert_eq!(kind(&complete(&code(&verifying, &mail.code())).await), "FlowExpired");
    assert_eq!(kind(&app.anonymous().sign_in_with_email(link.clone()).await), "FlowExpired");
    assert_eq!(kind(&app.anonymous().confirm_email(by_code.clone()).await), "FlowExpired");
    // The code is valid for ten minutes, the link for an hour.
    app.clock.advance(9 * MINUTE);
    assert_eq!(kind(&complete(&by_code).await), "FlowExpired");
    app.clock.advance(49 * MINUTE);
    let (next, _) = asked(&app, ADA).await;
    app.clock.advance(MINUTE);
    assert_eq!(kind(&complete(&link).await), "FlowExpired");
    app.clock.advance(58 * MINUTE);
    assert_eq!(kind(&complete(&next).await), "CompletePasswordResetSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_resets_at_once_one_succeeds() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (link, by_code) = asked(&app, ADA).await;
    let resets = (0..50).map(|number| {
        let (client, proof) = (app.anonymous(), if number % 2 == 0 { link.clone() } else { by_code.clone() });
        async move { client.complete_password_reset(proof, &format!("{NEW} {number}")).await }
    });
    let outcomes = join_all(resets).await;
    let kinds: Vec<_> = outcomes.iter().map(kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "CompletePasswordResetSuccess").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "FlowExpired").count(), 49, "{kinds:?}");
    let number = kinds.iter().position(|kind| *kind == "CompletePasswordResetSuccess").expect("one");
    assert_eq!(app.anonymous().login_type(ADA, &format!("{NEW} {number}")).await, "LoginSuccess");
    assert_eq!(mails(&app).await.len(), 2);
    assert_eq!(app.database.count("SELECT session_generation FROM accounts").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_tried_five_times_a_flow_and_ten_times_an_address_and_the_link_works_all_the_same() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let complete = async |proof: &Value| app.anonymous().complete_password_reset(proof.clone(), NEW).await;
    for round in 0..2 {
        let (_, by_code) = asked(&app, ADA).await;
        let mut guess = by_code.clone();
        guess["code"]["code"] = json!(wrong(by_code["code"]["code"].as_str().expect("a code")));
        for left in (0..5).rev() {
            let answer = complete(&guess).await;
            assert_eq!((kind(&answer), &answer["triesLeft"]), ("InvalidCode", &json!(left)), "{answer}");
        }
        let answer = complete(&by_code).await;
        assert_eq!(kind(&answer), ["FlowExpired", "RateLimited"][round], "the right code comes too late: {answer}");
        app.clock.advance(MINUTE);
    }
    // Asking again refills nothing, in a sign-in as well.
    let (link, by_code) = asked(&app, ADA).await;
    let answer = complete(&by_code).await;
    assert_eq!((kind(&answer), &answer["retryAfter"]), ("RateLimited", &json!(3480)), "{answer}");
    let started = app.anonymous().start_email_sign_in(ADA).await;
    let by_code = code(&started, &app.mail_to(ADA).await.code());
    assert_eq!(kind(&app.anonymous().sign_in_with_email(by_code).await), "RateLimited");
    assert_eq!(kind(&complete(&link).await), "CompletePasswordResetSuccess");
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'code_failed'").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guess_at_one_moment_is_a_guess_each() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (_, by_code) = asked(&app, ADA).await;
    let guesses = (0..50).map(|number| {
        let (client, mut guess) = (app.anonymous(), by_code.clone());
        guess["code"]["code"] = json!(format!("{number:08}"));
        async move { client.complete_password_reset(guess, NEW).await }
    });
    let outcomes = join_all(guesses).await;
    assert_eq!(outcomes.iter().filter(|outcome| kind(outcome) == "InvalidCode").count(), 5, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changed_in_between_is_not_reset() {
    let change = [
        "UPDATE accounts SET email = 'other@example.com'",
        "UPDATE accounts SET disabled_at = now()",
        "UPDATE accounts SET email = 'deleted', deleted_at = now(), disabled_at = now()",
        "DELETE FROM accounts",
    ];
    for change in change {
        for waits in [false, true] {
            let app = TestApp::start().await;
            app.registered(ADA).await;
            let (link, _) = asked(&app, ADA).await;
            let client = app.anonymous();
            let answer = if waits {
                // The change has the row, and is committed while the reset waits for it.
                app.database.operator.batch_execute(&format!("BEGIN; {change}")).await.expect("a change");
                let resetting = tokio::spawn(async move { client.complete_password_reset(link, NEW).await });
                let is_blocked = async || {
                    app.database.operator.batch_execute("SELECT pg_stat_clear_snapshot()").await.expect("a look");
                    app.database.count(BLOCKED).await > 0
                };
                until("the reset waits", is_blocked).await;
                app.database.operator.batch_execute("COMMIT").await.expect("a commit");
                resetting.await.expect("an answer")
            } else {
                app.database.execute(change).await;
                client.complete_password_reset(link, NEW).await
            };
            assert_eq!(kind(&answer), "FlowExpired", "{change}, {waits}");
            assert_eq!(mails(&app).await.iter().filter(|mail| mail.starts_with("password_reset")).count(), 0);
            assert!(!events(&app).await.contains(&"password_reset".to_owned()));
        }
    }
}

/// A login that has compared the old password when the reset begins ends with it, however they interleave.
#[tokio::test(flavor = "multi_thread")]
async fn no_session_outlives_the_reset() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let mut old = PASSWORD.to_owned();
    for round in 0..10 {
        let (link, _) = asked(&app, ADA).await;
        app.anonymous().start_email_sign_in(ADA).await;
        // A mail that tells of the reset before may come later.
        let mails = app.mails_to(ADA).await;
        let signing_in = mails.iter().find(|mail| mail.text().contains("#sign-in=")).expect("a mail").by_link();
        let new = format!("{NEW} {round}");
        let logins = (0..4).map(|_| {
            let (client, old) = (app.anonymous(), old.clone());
            async move { client.try_login(ADA, &old).await["data"]["login"].clone() }
        });
        let (client, other) = (app.anonymous(), app.anonymous());
        let reset = client.complete_password_reset(link, &new);
        let (done, logins, by_mail) = tokio::join!(reset, join_all(logins), other.sign_in_with_email(signing_in));
        assert_eq!(kind(&done), "CompletePasswordResetSuccess", "{done}");
        for login in logins.iter().chain([&by_mail]) {
            if let Some(token) = login["tokens"]["accessToken"].as_str() {
                let late = app.anonymous().with_token(token).is_signed_in().await;
                assert_eq!(late, Err("SESSION_REVOKED".into()), "round {round}");
            }
        }
        old = new;
    }
    let living =
        "SELECT count(*) FROM sessions JOIN accounts ON accounts.id = account_id WHERE generation = session_generation";
    assert_eq!(app.database.count(living).await, 0);
}

/// The same, with the login held where it matters: it has the account's row, and the reset waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_waits_for_a_login_ends_its_session() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (link, _) = asked(&app, ADA).await;
    let open = "BEGIN; SELECT FROM accounts FOR NO KEY UPDATE; \
        INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) \
        SELECT gen_random_uuid(), id, '2026-01-01', '2026-01-01', '2026-02-01' FROM accounts";
    app.database.operator.batch_execute(open).await.expect("a login");
    let client = app.anonymous();
    let resetting = tokio::spawn(async move { client.complete_password_reset(link, NEW).await });
    let waits = async || {
        app.database.operator.batch_execute("SELECT pg_stat_clear_snapshot()").await.expect("a fresh look");
        app.database.count(BLOCKED).await > 0
    };
    until("the reset waits", waits).await;
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    let answer = resetting.await.expect("an answer");
    assert_eq!(answer["endedCount"], 2, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_flows_of_the_account_end_except_one_that_reverts_a_change_of_its_address() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    app.registered("eve@example.com").await;
    let (link, _) = asked(&app, ADA).await;
    let (other, by_code) = asked(&app, ADA).await;
    app.anonymous().start_email_sign_in(ADA).await;
    let signing_in = app.mail_to(ADA).await.by_link();
    ada.start_email_verification().await;
    let verifying = app.mail_to(ADA).await.by_link();
    let (of_eve, _) = asked(&app, "eve@example.com").await;
    let revert = "INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, created_at, expires_at) \
        SELECT gen_random_uuid(), 'email_revert', 'email_revert', id, 'old@example.com', 'en', 'x', now(), '2099-01-01' \
        FROM accounts WHERE email = 'ada@example.com'";
    app.database.execute(revert).await;
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, NEW).await), "CompletePasswordResetSuccess");
    assert_eq!(kind(&app.anonymous().complete_password_reset(other, PASSWORD).await), "FlowExpired");
    assert_eq!(kind(&app.anonymous().complete_password_reset(by_code, PASSWORD).await), "FlowExpired");
    assert_eq!(kind(&app.anonymous().sign_in_with_email(signing_in).await), "FlowExpired");
    assert_eq!(kind(&app.anonymous().confirm_email(verifying).await), "FlowExpired");
    let open = "SELECT count(*) FROM flows WHERE consumed_at IS NULL AND kind = 'email_revert'";
    assert_eq!(app.database.count(open).await, 1);
    assert_eq!(kind(&app.anonymous().complete_password_reset(of_eve, NEW).await), "CompletePasswordResetSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_proves_the_address_and_is_recorded() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    for round in 0..2 {
        app.clock.advance(MINUTE);
        let (link, _) = asked(&app, ADA).await;
        app.clock.advance(MINUTE);
        app.anonymous().complete_password_reset(link, &format!("{NEW} {round}")).await;
    }
    app.anonymous().start_password_reset("nobody@example.com").await;
    let recorded = events(&app).await;
    let expected = [
        "registered",
        "password_reset_requested",
        "email_verified",
        "password_reset",
        "password_reset_requested",
        "password_reset",
        "password_reset_requested of nobody",
    ];
    let recorded: Vec<_> = recorded.iter().filter(|event| *event != "session_revoked").collect();
    assert_eq!(recorded, expected);
    let verified = "SELECT count(*) FROM accounts WHERE email_verified_at = '2026-01-01T00:02:00Z'";
    assert_eq!(app.database.count(verified).await, 1);
    let ended = "SELECT count(*) FROM session_endings WHERE user_agent = 'tests/1.0' AND kept_session_id IS NULL";
    let done = "SELECT count(*) FROM audit_events WHERE kind = 'session_revoked'";
    assert_eq!(app.database.count(ended).await + app.database.count(done).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_for_the_owner_of_an_address_that_is_taken_resets_the_password() {
    let app = TestApp::with(&["--email-verification=required"]).await;
    let query =
        "mutation($i: RegisterInput!) { register(input: $i) { __typename ... on RegistrationPending { flow } } }";
    let register = async || {
        let input = json!({ "i": { "email": ADA, "password": PASSWORD } });
        app.anonymous().send(query, input).await["data"]["register"].clone()
    };
    register().await;
    let confirm = "mutation($i: ConfirmRegistrationInput!) { confirmRegistration(input: $i) { __typename } }";
    let link = app.mail_to(ADA).await.by_link();
    app.anonymous().send(confirm, json!({ "i": { "proof": link } })).await;
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess");
    let pending = register().await;
    let link = app.mail_to(ADA).await.by_link();
    let guess = code(&pending, "12345678");
    assert_eq!(
        kind(&app.anonymous().complete_password_reset(guess, NEW).await),
        "FlowExpired",
        "whoever registers resets nothing"
    );
    let answer = app.anonymous().send(confirm, json!({ "i": { "proof": link } })).await;
    assert_eq!(answer["data"]["confirmRegistration"]["__typename"], "FlowExpired");
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, NEW).await), "CompletePasswordResetSuccess");
    assert_eq!(app.anonymous().login_type(ADA, NEW).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_sessions_end_and_are_listed_page_by_page() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let many = "INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, expires_at) \
        SELECT gen_random_uuid(), id, 0, '2026-01-01', '2026-01-01', '2026-02-01' FROM accounts, generate_series(1, 999)";
    app.database.execute(many).await;
    let (link, _) = asked(&app, ADA).await;
    let done = app.anonymous().complete_password_reset(link, NEW).await;
    assert_eq!(done["endedCount"], 1000, "{done}");
    assert_eq!(done["endedSessions"]["nodes"].as_array().map(Vec::len), Some(20));
}

const ROOM: [&str; 3] = ["--rate-limits=on", "--limit-mail=1000/1h", "--limit-attempts=1000/1m"];

#[tokio::test(flavor = "multi_thread")]
async fn an_address_gets_three_mails_an_hour_and_ten_a_day_whether_it_is_known_or_not() {
    let app = TestApp::with(&ROOM).await;
    app.registered(ADA).await;
    let mut counts = Vec::new();
    for email in [ADA, "nobody@example.com"] {
        let start = async |number: usize| match number % 2 {
            0 => app.anonymous().start_password_reset(email).await,
            // Upper and lower case are one address. All kinds count together, and only those of one kind wait for each other.
            _ => app.anonymous().start_email_sign_in(&email.to_uppercase()).await,
        };
        assert_eq!(kind(&start(0).await), "EmailFlowStarted");
        let resent = start(2).await;
        assert_eq!((kind(&resent), &resent["retryAfter"]), ("RateLimited", &json!(60)), "{resent}");
        let mut count = vec![1];
        for minute in 1..24 * 60 {
            app.clock.advance(MINUTE);
            // Most minutes are left out, so that the test is short.
            if minute > 5 && minute % 20 != 0 {
                continue;
            }
            match kind(&start(minute).await) {
                "EmailFlowStarted" => count.push(minute),
                other => assert_eq!(other, "RateLimited"),
            }
        }
        assert_eq!(count[..3], [1, 1, 2], "three at first");
        // Three at once, three that flow in, and one or two that resets have in reserve.
        assert!(count.iter().filter(|minute| **minute <= 60).count() <= 8 && count.len() <= 28, "{count:?}");
        counts.push(count);
        app.clock.advance(48 * 60 * MINUTE);
    }
    assert_eq!(counts[0], counts[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_are_asked_for_by_aliases_count_each() {
    let app = TestApp::with(&ROOM).await;
    app.registered(ADA).await;
    let fields: String = (0..20)
        .map(|number| format!("a{number}: startPasswordReset(input: {{ email: \"{ADA}\" }}) {{ __typename }} "))
        .collect();
    let answer = app.anonymous().send(&format!("mutation {{ {fields} }}"), Value::Null).await;
    let started = (0..20).filter(|number| answer["data"][format!("a{number}")]["__typename"] == "EmailFlowStarted");
    assert_eq!(started.count(), 1, "{answer}");
    assert_eq!(mails(&app).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_asks_for_so_many_mails_and_takes_nothing_from_an_address_then() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-mail=4/1h"]).await;
    app.registered(ADA).await;
    let eve = app.anonymous().at("127.0.0.9");
    for number in 0..4 {
        assert_eq!(kind(&eve.start_password_reset(&format!("a{number}@example.com")).await), "EmailFlowStarted");
    }
    for _ in 0..4 {
        assert_eq!(kind(&eve.start_password_reset(ADA).await), "RateLimited");
    }
    assert_eq!(kind(&app.anonymous().start_password_reset(ADA).await), "EmailFlowStarted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_password_is_being_guessed_is_reset_by_its_owner() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-login-account=5/1h", "--limit-login-attacked=1/10m"]).await;
    app.registered(ADA).await;
    for address in 2..12 {
        app.anonymous().at(&format!("127.0.0.{address}")).login_type(ADA, "a wrong password").await;
    }
    let owner = app.anonymous();
    assert_eq!(owner.login_type(ADA, "a wrong password").await, "InvalidCredentials");
    assert_eq!(owner.login_type(ADA, PASSWORD).await, "RateLimited");
    let (link, _) = asked(&app, ADA).await;
    assert_eq!(kind(&owner.complete_password_reset(link, NEW).await), "CompletePasswordResetSuccess");
}

/// The texts of all rows of all tables.
async fn rows(app: &TestApp) -> String {
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema";
    let mut text = String::new();
    for table in app.database.operator.query(tables, &[]).await.expect("tables") {
        let query = format!("SELECT t::text FROM {} t", table.get::<_, String>(0));
        for row in app.database.operator.query(&query, &[]).await.expect("rows") {
            text += &format!("{}\n", row.get::<_, String>(0));
        }
    }
    text
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_has_a_token_a_link_or_a_code() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let mut secrets = Vec::new();
    let clients: [(&str, &Client); 3] = [("reset", &app.anonymous()), ("sign-in", &app.anonymous()), ("verify", &ada)];
    for (what, client) in clients {
        let started = match what {
            "reset" => client.start_password_reset(ADA).await,
            "sign-in" => client.start_email_sign_in(ADA).await,
            _ => client.start_email_verification().await,
        };
        let before = rows(&app).await;
        let mail = app.mail_to(ADA).await;
        let digits: String = mail.code().chars().filter(char::is_ascii_digit).collect();
        secrets.extend([started["flow"].as_str().expect("a token").to_owned(), mail.link(), digits]);
        for text in [before, rows(&app).await] {
            for secret in &secrets {
                let bare = secret.trim_start_matches("pcl_").trim_start_matches("pcf_");
                assert!(!text.contains(bare) && !text.contains(&hex(bare)), "{what}: {secret} stands in a table");
            }
        }
    }
    assert_eq!(secrets.len(), 9);
    let link = json!({ "link": secrets[1] });
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, NEW).await), "CompletePasswordResetSuccess");
    assert!(!rows(&app).await.contains(NEW));
    let kept =
        "SELECT count(*) FROM flows WHERE consumed_at IS NOT NULL AND (code_mac IS NOT NULL OR data IS NOT NULL)";
    assert_eq!(app.database.count(kept).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_mail_can_be_sent_none_can_be_asked_for() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let peer = app.peer(&["--env=production", "--issuer=https://auth.example.com"]).await;
    let anonymous = peer.visited_by(&app.anonymous());
    let ada = anonymous.login(ADA).await;
    for answer in [
        anonymous.start_password_reset(ADA).await,
        anonymous.start_email_sign_in(ADA).await,
        anonymous.sign_in_with_email(json!({ "link": "a" })).await,
        ada.start_email_verification().await,
    ] {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FEATURE_DISABLED", "{answer}");
    }
}
