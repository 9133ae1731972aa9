//! Addresses that others have, or get in the meantime.

use serde_json::json;

use super::{DAY, addresses, change, complete, is, revert, start};
use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_second_is_told_and_may_try_again() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    start(&ada, "b@example.com").await;
    let link = app.mail_to("b@example.com").await.link();
    app.registered("B@example.com").await;
    let answer = complete(&ada, json!({ "link": link })).await;
    assert_eq!((&answer["__typename"], &answer["code"]), (&json!("EmailTaken"), &json!("EMAIL_TAKEN")), "{answer}");
    assert_eq!(addresses(&app).await, ["B@example.com", "ada@example.com"]);
    assert!(app.mails_to("ada@example.com").await.is_empty());
    app.database.execute("DELETE FROM accounts WHERE email = 'B@example.com'").await;
    assert!(is(&complete(&ada, json!({ "link": link })).await, "CompleteEmailChangeSuccess"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_accounts_that_want_one_address_one_gets_it() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.registered("ada@example.com").await, app.registered("bob@example.com").await);
    start(&ada, "new@example.com").await;
    let of_ada = app.mail_to("new@example.com").await.link();
    start(&bob, "NEW@example.com").await;
    let of_bob = app.mail_to("NEW@example.com").await.link();
    let anonymous = app.anonymous();
    let both = [json!({ "link": of_ada }), json!({ "link": of_bob })];
    let answers = futures_util::future::join_all(both.map(|proof| complete(&anonymous, proof))).await;
    let number = |kind: &str| answers.iter().filter(|answer| is(answer, kind)).count();
    assert_eq!((number("CompleteEmailChangeSuccess"), number("EmailTaken")), (1, 1), "{answers:?}");
}

/// Two accounts that swap their addresses in turn lose neither.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_left_may_be_proven_by_another_account_and_blocks_the_revert() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.registered("ada@example.com").await, app.registered("bob@example.com").await);
    let back = change(&app, &ada, "ada@example.com", "ada@example.org").await;
    change(&app, &bob, "bob@example.com", "ada@example.com").await;
    let answer = revert(&app.anonymous(), &back).await;
    assert_eq!((&answer["__typename"], &answer["code"]), (&json!("EmailTaken"), &json!("EMAIL_TAKEN")), "{answer}");
    // Nothing was done.
    assert_eq!(ada.is_signed_in().await, Ok(()));
    assert_eq!(app.anonymous().login_type("ada@example.org", PASSWORD).await, "LoginSuccess");
    change(&app, &bob, "ada@example.com", "bob@example.com").await;
    let answer = revert(&app.anonymous(), &back).await;
    assert_eq!(
        (&answer["__typename"], &answer["email"]),
        (&json!("RevertEmailChangeSuccess"), &json!("ada@example.com"))
    );
    assert_eq!(addresses(&app).await, ["ada@example.com", "bob@example.com"]);
}

/// A thief who changes the address does not register the old one, so that it can't be given back.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_types_an_address_does_not_get_one_that_may_be_given_back() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    change(&app, &ada, "ada@example.com", "eve@example.com").await;
    let register = async |email: &str| {
        let answer = app.anonymous().try_register(json!({ "email": email, "password": PASSWORD })).await;
        answer["data"]["register"]["__typename"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    for email in ["ada@example.com", "ADA@Example.com"] {
        assert_eq!(register(email).await, "EmailTaken");
    }
    app.clock.advance(7 * DAY);
    assert_eq!(register("ada@example.com").await, "RegisterSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_address_of_an_account_that_is_deleted_or_has_it_back_is_kept_for_nobody() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let back = change(&app, &ada, "ada@example.com", "b@example.com").await;
    let delete = format!("mutation {{ deleteAccount(input: {{ password: \"{PASSWORD}\" }}) {{ __typename }} }}");
    ada.send(&delete, serde_json::Value::Null).await;
    let second = app.registered("ada@example.com").await;
    assert!(is(&revert(&app.anonymous(), &back).await, "FlowExpired"));
    let back = change(&app, &second, "ada@example.com", "c@example.com").await;
    assert!(is(&revert(&app.anonymous(), &back).await, "RevertEmailChangeSuccess"));
    app.registered("c@example.com").await;
}

/// Who proves the address may have it: it is theirs.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_proves_an_address_gets_it_though_it_may_be_given_back() {
    let app = TestApp::with(&["--email-verification=required"]).await;
    app.database
        .execute(
            "INSERT INTO accounts (id, email, created_at) VALUES (gen_random_uuid(), 'eve@example.com', '2026-01-01'); ",
        )
        .await;
    let open = "INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, link_hash, created_at, expires_at) \
        SELECT gen_random_uuid(), 'email_revert', 'email_revert', id, 'ada@example.com', 'en', 'a', 'b', '2026-01-01', '2026-01-08' \
        FROM accounts";
    app.database.execute(open).await;
    let query = "mutation($input: RegisterInput!) { register(input: $input) { __typename } }";
    let input = json!({ "input": { "email": "ada@example.com", "password": PASSWORD } });
    let answer = app.anonymous().send(query, input).await;
    assert_eq!(answer["data"]["register"]["__typename"], "RegistrationPending", "{answer}");
    let confirm = "mutation($input: ConfirmRegistrationInput!) { confirmRegistration(input: $input) { __typename } }";
    let link = app.mail_to("ada@example.com").await.link();
    let answer = app.anonymous().send(confirm, json!({ "input": { "proof": { "link": link } } })).await;
    assert_eq!(answer["data"]["confirmRegistration"]["__typename"], "RegisterSuccess", "{answer}");
}
