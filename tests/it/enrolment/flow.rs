//! What the flow of an enrolment gives, keeps and bears.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ADA, asked, complete, enrol, login, outcome, register, sessions, set_up, start};
use crate::totp::{Authenticator, dump, events, kind, spellings};

#[tokio::test(flavor = "multi_thread")]
async fn it_gives_what_sets_an_app_up_and_the_last_secret_counts() {
    let (app, asked) = asked(&[]).await;
    let client = app.anonymous();
    let started = start(&client, &asked).await;
    assert_eq!((kind(&started), &started["expiresAt"]), ("SecondFactorEnrolmentStarted", &asked["expiresAt"]));
    let secret = started["secret"].as_str().expect("a secret");
    let uri = format!(
        "otpauth://totp/Portcullis:ada%40example.com?secret={secret}&issuer=Portcullis&algorithm=SHA1&digits=6&period=30"
    );
    assert_eq!(started["uri"], uri);
    assert!(started["qrSvg"].as_str().is_some_and(|svg| svg.starts_with("<svg ") && svg.ends_with("</svg>")));
    let first = Authenticator::new(&started);
    let second = set_up(&client, &asked).await;
    assert_ne!(first.secret, second.secret);
    assert_eq!(kind(&complete(&client, &asked, &first.code(&app, 0)).await), "InvalidCode");
    let code = second.code(&app, 0);
    let success = complete(&client, &asked, &format!("{} {}", &code[..3], &code[3..])).await;
    assert_eq!(kind(&success), "SecondFactorEnrolmentSuccess", "{success}");
    // It is over, and the code was used.
    assert_eq!(kind(&complete(&client, &asked, &code).await), "FlowExpired");
    assert_eq!(kind(&start(&client, &asked).await), "FlowExpired");
    let asked = login(&client, ADA).await;
    let again = crate::second_step::complete(&client, &asked, crate::second_step::totp(&code)).await;
    assert_eq!(kind(&again), "InvalidCode", "{again}");
    let step = "SELECT count(*) FROM totps WHERE last_step = extract(epoch FROM timestamptz '2026-01-01') / 30";
    assert_eq!(app.database.count(step).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_end_it_and_so_does_time() {
    let (app, asked) = asked(&[]).await;
    let client = app.anonymous();
    let authenticator = set_up(&client, &asked).await;
    for (left, code) in
        [authenticator.wrong(&app), String::new(), "1234567".into(), "x".repeat(10_000), "12345a".into()]
            .into_iter()
            .enumerate()
    {
        let refused = complete(&client, &asked, &code).await;
        assert_eq!((kind(&refused), &refused["triesLeft"]), ("InvalidCode", &json!(4 - left)), "{refused}");
    }
    assert_eq!(kind(&complete(&client, &asked, &authenticator.code(&app, 0)).await), "FlowExpired");
    assert_eq!(kind(&start(&client, &asked).await), "FlowExpired", "asking again gives no more tries");
    assert_eq!((events(&app, "second_factor_failed").await, events(&app, "totp_added").await), (5, 0));

    let asked = login(&client, ADA).await;
    let authenticator = set_up(&client, &asked).await;
    app.clock.advance(Duration::from_secs(10 * 60));
    assert_eq!(kind(&complete(&client, &asked, &authenticator.code(&app, 0)).await), "FlowExpired");
    assert_eq!(kind(&start(&client, &asked).await), "FlowExpired");
    assert_eq!(sessions(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_right_before_a_secret_was_asked_for() {
    let (app, asked) = asked(&[]).await;
    let refused = complete(&app.anonymous(), &asked, "000000").await;
    assert_eq!((kind(&refused), &refused["triesLeft"]), ("InvalidCode", &json!(4)), "{refused}");
    enrol(&app, &asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_belongs_to_its_account_and_opens_nothing_else() {
    let (app, ada) = asked(&[]).await;
    let eve = register(&app.anonymous(), "eve@example.com").await;
    let client = app.anonymous();
    let (of_ada, of_eve) = (set_up(&client, &ada).await, set_up(&client, &eve).await);
    assert_eq!(kind(&complete(&client, &ada, &of_eve.code(&app, 0)).await), "InvalidCode");
    let success = complete(&client, &eve, &of_eve.code(&app, 0)).await;
    assert_eq!(
        (kind(&success), &success["user"]["email"]),
        ("SecondFactorEnrolmentSuccess", &json!("eve@example.com"))
    );
    for token in [json!(""), json!("pcf_"), json!(format!("pcf_{}", "A".repeat(43))), json!("x".repeat(10_000))] {
        let made_up = json!({ "flow": token });
        assert_eq!(kind(&start(&client, &made_up).await), "FlowExpired");
        assert_eq!(kind(&complete(&client, &made_up, &of_ada.code(&app, 0)).await), "FlowExpired");
    }
    // Neither is the token of a mail's flow one of an enrolment, nor the other way round.
    let mailed = client.start_password_reset(ADA).await;
    assert_eq!(kind(&start(&client, &mailed).await), "FlowExpired");
    assert_eq!(kind(&complete(&client, &mailed, "000000").await), "FlowExpired");
    let proof = crate::support::flows::code(&ada, "12345678");
    assert_eq!(kind(&client.sign_in_with_email(proof).await), "FlowExpired");
    // Fields that need a caller know no such caller.
    let flow = ada["flow"].as_str().expect("a flow");
    let bearer = client.with_token(flow);
    for query in ["{ me { id } }", "mutation { startTotp { __typename } }"] {
        let answer = bearer.send(query, Value::Null).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{query}: {answer}");
    }
    assert_eq!(kind(&client.try_refresh(flow).await), "InvalidRefreshToken");
    let confirmed = client.with_token(success["tokens"]["accessToken"].as_str().expect("a token"));
    let confirmed = crate::totp::confirm(&confirmed, &ada, &of_ada.code(&app, 0)).await;
    assert_eq!(kind(&confirmed), "FlowExpired", "it is no enrolment of a session: {confirmed}");
}

/// Whoever has to show a factor can't add another one in its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_waits_for_a_factor_adds_none() {
    let (app, asked) = asked(&[]).await;
    enrol(&app, &asked).await;
    let waits = login(&app.anonymous(), ADA).await;
    assert_eq!(kind(&waits), "SecondFactorRequired");
    assert_eq!(kind(&start(&app.anonymous(), &waits).await), "FlowExpired");
    let refused = complete(&app.anonymous(), &waits, "000000").await;
    assert_eq!(kind(&refused), "InvalidCode", "{refused}");
    assert_eq!((sessions(&app).await, events(&app, "totp_added").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_instance_goes_on_with_it() {
    let (app, asked) = asked(&[]).await;
    let started = set_up(&app.anonymous(), &asked).await;
    // It has just started, and need not require factors itself.
    let peer = app.peer(&[]).await;
    let there = peer.visited_by(&app.anonymous());
    let success = complete(&there, &asked, &started.code(&app, 0)).await;
    assert_eq!(kind(&success), "SecondFactorEnrolmentSuccess", "{success}");
    assert_eq!(app.anonymous().signed_in(&success).is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_and_no_answer_but_the_first_has_the_secret_in_plain() {
    let (app, asked) = asked(&[]).await;
    let started = start(&app.anonymous(), &asked).await;
    let authenticator = Authenticator::new(&started);
    let (secrets, pending) = (spellings(&authenticator.secret), dump(&app.database).await);
    assert!(pending.contains(ADA), "the dump has what is there");
    let flow = asked["flow"].as_str().expect("a flow");
    assert!(secrets.iter().map(String::as_str).chain([flow]).all(|secret| !pending.contains(secret)));
    let success = complete(&app.anonymous(), &asked, &authenticator.code(&app, 0)).await;
    assert_eq!(kind(&success), "SecondFactorEnrolmentSuccess", "{success}");
    let added = dump(&app.database).await;
    let codes = success["recoveryCodes"].as_array().expect("codes").iter().filter_map(Value::as_str);
    assert!(codes.chain(secrets.iter().map(String::as_str)).all(|secret| !added.contains(secret)));
    assert!(!success.to_string().contains(&authenticator.secret), "{success}");
    assert!(!app.mail_to(ADA).await.text().contains(&authenticator.secret));
    let kept = "SELECT count(*) FROM flows WHERE consumed_at IS NOT NULL AND data IS NOT NULL";
    assert_eq!(app.database.count(kept).await, 0);
}

/// A mistake of a client, which asks for a cookie where there are none, changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_transport_that_the_client_can_not_have_changes_nothing() {
    let (app, asked) = asked(&["--cookies=off"]).await;
    let authenticator = set_up(&app.anonymous(), &asked).await;
    let query =
        "mutation($i: CompleteSecondFactorEnrolmentInput!) { completeSecondFactorEnrolment(input: $i) { __typename } }";
    let code = authenticator.code(&app, 0);
    let input = json!({ "flow": asked["flow"], "factor": { "totp": code }, "transport": "COOKIE" });
    let refused = outcome(&app.anonymous(), query, "completeSecondFactorEnrolment", input).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused}");
    assert_eq!(sessions(&app).await, 0);
    let success = complete(&app.anonymous(), &asked, &code).await;
    assert_eq!(kind(&success), "SecondFactorEnrolmentSuccess", "{success}");
}
