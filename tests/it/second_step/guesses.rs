//! Guesses of codes, by the steps that everybody can make.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{complete, first, login, totp, with_factor};
use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{STEP, events, kind};

/// As many as a document may have.
const AT_ONCE: usize = 20;

/// Shows codes for a sign-in, all in one document. Returns the types of the answers.
async fn guess(client: &Client, asked: &Value, codes: &[String]) -> Vec<String> {
    let field = |(place, code): (usize, &String)| {
        format!(
            "a{place}: completeSignIn(input: {{ flow: {}, factor: {{ totp: \"{code}\" }} }}) {{ __typename }}",
            asked["flow"]
        )
    };
    let fields: Vec<_> = codes.iter().enumerate().map(field).collect();
    let answer = client.send(&format!("mutation {{ {} }}", fields.join(" ")), Value::Null).await;
    let answers = answer["data"].as_object().unwrap_or_else(|| panic!("no answers: {answer}"));
    answers.values().map(|answer| kind(answer).to_owned()).collect()
}

/// Whoever knows the password has a hundred addresses, and asks by a proxy that is trusted.
#[tokio::test(flavor = "multi_thread")]
async fn of_ten_thousand_guesses_from_a_hundred_addresses_ten_are_compared_and_the_owner_gets_in() {
    let app = TestApp::with(&["--rate-limits=on", "--trusted-proxies=127.0.0.1"]).await;
    let (authenticator, codes) = with_factor(&app).await;
    let success = complete(&app.anonymous(), &first(&app).await, totp(&authenticator.code(&app, 0))).await;
    let device = app.anonymous().on_device(success["deviceToken"].as_str().expect("a token"));
    app.clock.advance(STEP);
    let right: Vec<_> = (-1..=1).map(|steps| authenticator.code(&app, steps)).collect();
    let wrong = (0..).map(|number| format!("{number:06}")).filter(|code| !right.contains(code));
    let wrong: Vec<_> = wrong.take(10_000).collect();
    let strangers: Vec<_> = (0..100).map(|number| app.anonymous().forwarded(&format!("192.0.2.{number}"))).collect();
    let guessing = async |(stranger, codes): (&Client, &[String])| {
        let asked = login(stranger, PASSWORD).await;
        assert_eq!(kind(&asked), "SecondFactorRequired", "{asked}");
        let mut answers = Vec::new();
        for codes in codes.chunks(AT_ONCE) {
            answers.extend(guess(stranger, &asked, codes).await);
        }
        answers
    };
    let answered = join_all(strangers.iter().zip(wrong.chunks(100)).map(guessing)).await;
    let answers = answered.concat();
    let count = |kind: &str| answers.iter().filter(|answer| *answer == kind).count();
    // Whoever used up the tries of one sign-in has to begin another.
    let refused = count("RateLimited") + count("FlowExpired");
    assert_eq!((answers.len(), count("InvalidCode"), refused), (10_000, 10, 9_990), "{answers:?}");
    assert_eq!(events(&app, "second_factor_failed").await, 10);

    let right = authenticator.code(&app, 0);
    for address in ["192.0.2.0", "198.51.100.1"] {
        let stranger = app.anonymous().forwarded(address);
        let asked = login(&stranger, PASSWORD).await;
        let limited = complete(&stranger, &asked, totp(&right)).await;
        assert_eq!(kind(&limited), "RateLimited", "{limited}");
    }
    let success = complete(&device, &login(&device, PASSWORD).await, totp(&right)).await;
    assert_eq!((kind(&success), &success["user"]["id"].is_string()), ("LoginSuccess", &true), "{success}");
    let elsewhere = app.anonymous().forwarded("198.51.100.2");
    let recovered = complete(&elsewhere, &login(&elsewhere, PASSWORD).await, json!({ "recoveryCode": codes[0] })).await;
    assert_eq!(kind(&recovered), "LoginSuccess", "{recovered}");
}
