//! What people type: addresses, usernames, passwords.

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp};

/// The result's type, and of an `InvalidInput` its fields' codes.
async fn register(client: &Client, input: Value) -> (String, Value) {
    let answer = client.try_register(input).await;
    let result = &answer["data"]["register"];
    let kind = result["__typename"].as_str().unwrap_or_else(|| panic!("no outcome: {answer}")).to_owned();
    let codes = result["fields"].as_array().into_iter().flatten().map(|field| field["code"].clone()).collect();
    (kind, codes)
}

async fn login(client: &Client, identifier: &str, password: &str) -> String {
    let answer = client.try_login(identifier, password).await;
    answer["data"]["login"]["__typename"].as_str().unwrap_or_else(|| panic!("no outcome: {answer}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn spellings_of_one_mailbox_are_one_account_and_its_like_are_others() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let answer = client.try_register(json!({ "email": " Ada@Bücher.example\u{3000}", "password": PASSWORD })).await;
    assert_eq!(answer["data"]["register"]["user"]["email"], "Ada@xn--bcher-kva.example", "{answer}");
    for same in [
        "ada@bücher.example",
        "ADA@BÜCHER.EXAMPLE",
        "ada@bu\u{308}cher.example",
        "ada@xn--bcher-kva.example",
        "ada@XN--BCHER-KVA.example",
        "ada@ｂücher.example",
        "ada@bücher。example",
        "ada@bü\u{ad}cher.example",
        "\u{a0}ada@bücher.example\r\n",
    ] {
        let (outcome, _) = register(&client, json!({ "email": same, "password": PASSWORD })).await;
        assert_eq!(outcome, "EmailTaken", "{same:?}");
        assert_eq!(login(&client, same, PASSWORD).await, "LoginSuccess", "{same:?}");
    }
    for other in [
        "ada+x@bücher.example",
        "a.da@bücher.example",
        "ada@bucher.example",
        "ada@b\u{fc}ch\u{435}r.example",
        "ada%00@bücher.example",
    ] {
        let (outcome, _) = register(&client, json!({ "email": other, "password": PASSWORD })).await;
        assert_eq!(outcome, "RegisterSuccess", "{other:?}");
    }
    // A domain of another script is never shown as the one it looks like.
    let confusable = "SELECT count(*) FROM accounts WHERE email ~ '[^ -~]'";
    assert_eq!(app.database.count(confusable).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_mailbox_or_would_be_two_is_refused() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let of_length = |octets: usize| {
        let (local, label) = ("l".repeat(64), "d".repeat(63));
        let rest = "e".repeat(octets - 64 - 1 - 2 * 64);
        format!("{local}@{label}.{label}.{rest}")
    };
    let accepted = [of_length(254), format!("{}@example.com", "a".repeat(64))];
    for email in &accepted {
        let (outcome, _) = register(&client, json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(outcome, "RegisterSuccess", "{email}");
        assert_eq!(login(&client, email, PASSWORD).await, "LoginSuccess");
    }
    for email in [
        of_length(255),
        format!("{}@example.com", "a".repeat(65)),
        format!("ada@{}.com", "a".repeat(64)),
        "ada@example.com.".to_owned(),
        "ada@example.com\0".to_owned(),
        "a\0da@example.com".to_owned(),
        "ada@example.com\r\nBcc: eve@example.com".to_owned(),
        "ada\r\n@example.com".to_owned(),
        "ada@exa\nmple.com".to_owned(),
        "ada@example.com,eve@example.com".to_owned(),
        "ada@example.com eve@example.com".to_owned(),
        "ada <ada@example.com>".to_owned(),
        "\"ada\"@example.com".to_owned(),
        "ada(comment)@example.com".to_owned(),
        "ada@exa%00mple.com".to_owned(),
        "\u{202e}ada@example.com".to_owned(),
        "ada@exa\u{202e}mple.com".to_owned(),
        "a\u{200b}da@example.com".to_owned(),
        "a\u{301}da@example.com".to_owned(),
        "\u{430}da@example.com".to_owned(),
        "ada\u{a0}@example.com".to_owned(),
        "ada@exam\u{a0}ple.com".to_owned(),
        "ada@exam\u{200d}ple.com".to_owned(),
        "ada@a\u{5d0}.com".to_owned(),
        "ada@xn--a.example".to_owned(),
        "ada@127.0.0.1".to_owned(),
        "ada@[127.0.0.1]".to_owned(),
        "ada@[IPv6:::1]".to_owned(),
        "ada@0x7f.1".to_owned(),
        "ada@\u{ff11}27.0.0.1".to_owned(),
        "ada\u{ff20}example.com".to_owned(),
        "ada@eve@example.com".to_owned(),
    ] {
        let (outcome, codes) = register(&client, json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!((outcome.as_str(), codes), ("InvalidInput", json!(["INVALID_FORMAT"])), "{email:?}");
        assert_eq!(login(&client, &email, PASSWORD).await, "InvalidCredentials", "{email:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_username_looks_like_anothers() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let input = json!({ "email": "ada@example.com", "password": PASSWORD, "username": "\u{a0}\u{3000}Ada-1 \t" });
    let answer = client.try_register(input).await;
    assert_eq!(answer["data"]["register"]["user"]["username"], "Ada-1", "spaces around it are dropped: {answer}");
    for like in [
        "\u{410}da-1",
        "ad\u{430}-1",
        "\u{ff21}da-1",
        "\u{1d400}da-1",
        "A\u{300}da-1",
        "ada\u{2010}1",
        "ada\u{2011}1",
        "ada-\u{661}",
        "ada\u{200b}-1",
        "ada-1\u{200d}",
        "\u{feff}ada-1",
        "\u{202e}1-ada",
        "ada\u{ad}-1",
        "ada -1",
        "ada\u{a0}-1",
        "ada-1\0",
        "ada\r\n-1",
        "ada%2d1",
        "\u{212a}ada",
        "ad\u{131}",
    ] {
        let input = json!({ "email": "eve@example.com", "password": PASSWORD, "username": like });
        let (outcome, codes) = register(&client, input).await;
        assert_eq!((outcome.as_str(), codes), ("InvalidInput", json!(["INVALID_FORMAT"])), "{like:?}");
        assert_eq!(login(&client, like, PASSWORD).await, "InvalidCredentials", "{like:?}");
    }
    assert_eq!(login(&client, "\u{a0}ADA-1", PASSWORD).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_what_was_typed_however_its_accents_are_composed() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let long = format!("pässphrase \u{212b}\u{1e69} {}", "x\u{327}\u{301}".repeat(40));
    for (number, (password, same, others)) in [
        ("  crème brûlée sauce  ", vec!["  cre\u{300}me bru\u{302}le\u{301}e sauce  "], vec!["crème brûlée sauce"]),
        (&long, vec![], vec!["pässphrase"]),
        // Marks on one letter in another order are the same text, unless they stand in one another's place.
        ("kilo \u{71}\u{323}\u{307} mile tango", vec!["kilo \u{71}\u{307}\u{323} mile tango"], vec![]),
        ("stray \0 zero tango", vec![], vec!["stray ", "stray  zero tango", "stray \u{2400} zero tango"]),
        ("\u{202e}tango\u{200b} papa\u{feff} kilo", vec![], vec!["tango papa kilo"]),
        ("tango\u{a0}papa kilo nine", vec![], vec!["tango papa kilo nine"]),
        ("ｔａｎｇｏ papa kilo", vec![], vec!["tango papa kilo"]),
        (
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} tango papa",
            vec![],
            vec!["\u{1f468}\u{1f469}\u{1f467} tango papa"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("ada{number}@example.com");
        let (outcome, _) = register(&client, json!({ "email": email, "password": password })).await;
        assert_eq!(outcome, "RegisterSuccess", "{password:?}");
        for same in same.into_iter().chain([password]) {
            assert_eq!(login(&client, &email, same).await, "LoginSuccess", "{same:?}");
        }
        for other in others {
            assert_eq!(login(&client, &email, other).await, "InvalidCredentials", "{other:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_of_marks_without_end_are_too_long_and_quickly_said_so() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let zalgo = |marks: usize| format!("a{}", "\u{301}\u{323}".repeat(marks / 2));
    for password in [zalgo(260), zalgo(2046), zalgo(20_000), "\u{1d160}".repeat(1024), "a".repeat(60_000)] {
        let (outcome, codes) = register(&client, json!({ "email": "ada@example.com", "password": password })).await;
        assert_eq!((outcome.as_str(), codes), ("InvalidInput", json!(["TOO_LONG"])), "{}", password.len());
        assert_eq!(login(&client, "ada@example.com", &password).await, "InvalidCredentials");
    }
    // Seven that are typed as fourteen, and eight of them.
    let (outcome, codes) =
        register(&client, json!({ "email": "ada@example.com", "password": "u\u{308}".repeat(7) })).await;
    assert_eq!((outcome.as_str(), codes), ("InvalidInput", json!(["TOO_SHORT"])));
}
