//! The account's own address or username as its password.

use portcullis::use_cases::accounts::{Created, Registration, create};
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp};

const EMAIL: &str = "long-enough-name.of.ann+shop@mail.bücher.example";
const USERNAME: &str = "Annabella_Lovelace";

/// Passwords that are mainly the name of that account.
const OWN: [&str; 20] = [
    "long-enough-name.of.ann+shop@mail.bücher.example",
    "LONG-ENOUGH-NAME.OF.ANN+SHOP@MAIL.BÜCHER.EXAMPLE",
    "long-enough-name.of.ann+shop@mail.xn--bcher-kva.example",
    "long-enough-name.of.ann@mail.bücher.example",
    "long-enough-name.of.ann@mail.bucher.example7",
    "long-enough-name.of.ann@mail.bücher.example2026!",
    "!!1 long-enough-name.of.ann@mail.bücher.example",
    "long-enough-name.of.ann",
    "longenoughnameofannshop",
    "long_enough_name/of/ann",
    "l0ng-3n0ugh-n4m3.0f.4nn+$h0p@m41l.büch3r.3x4mpl3",
    "elpmaxe.rehcüb.liam@pohs+nna.fo.eman-hguone-gnol",
    "mail.bücher.example",
    "long-enough-name.of.annlong-enough-name.of.ann",
    "example.bücher.mail@shop+ann.of.name.enough.long",
    "l.o.n.g.e.n.o.u.g.h.n.a.m.e.o.f.a.n.n",
    "Annabella_Lovelace",
    "annabella lovelace 1815",
    "ecalevol_allebanna",
    "Ａｎｎａｂｅｌｌａ Ｌｏｖéｌａｃｅ",
];

/// Passwords of that account that no more than mention it.
const OTHERS: [&str; 4] = [
    "xkcd-ann-correct-horse-battery",
    "what would annabella do on a rainy tuesday",
    "vK8#qLm2zWx!Ty7p",
    "correct horse battery staple example",
];

fn weak(answer: &Value, field: &str) -> bool {
    let name = answer["data"][field]["__typename"].as_str().unwrap_or_else(|| panic!("no outcome: {answer}"));
    name == "WeakPassword"
}

async fn change(client: &Client, current: &str, new: &str) -> Value {
    let query =
        "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename ... on UserError { message } } }";
    client.send(query, json!({ "i": { "currentPassword": current, "newPassword": new } })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_refused_in_every_spelling_at_registration_at_a_change_and_by_command() {
    let app = TestApp::start().await;
    let console = app.console(&[]);
    let mut taken = Vec::new();
    for own in OWN {
        let input = json!({ "email": EMAIL, "username": USERNAME, "password": own });
        if !weak(&app.anonymous().try_register(input).await, "register") {
            taken.push(("register", own));
            app.database.execute("DELETE FROM accounts").await;
        }
        let typed = Registration { email: EMAIL.into(), username: Some(USERNAME.into()), password: own.into() };
        if !matches!(create(&console.operator(), typed).await.expect("an outcome"), Created::Weak(_)) {
            taken.push(("command", own));
            app.database.execute("DELETE FROM accounts").await;
        }
    }
    let input = json!({ "email": EMAIL, "username": USERNAME, "password": PASSWORD });
    let ada = app.anonymous();
    let ada = ada.with_token(
        ada.try_register(input).await["data"]["register"]["tokens"]["accessToken"].as_str().expect("a token"),
    );
    for own in OWN {
        if !weak(&change(&ada, PASSWORD, own).await, "changePassword") {
            taken.push(("changePassword", own));
            change(&ada, own, PASSWORD).await;
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
    let mut current = PASSWORD;
    for other in OTHERS {
        let answer = change(&ada, current, other).await;
        assert_eq!(answer["data"]["changePassword"]["__typename"], "ChangePasswordSuccess", "{other}: {answer}");
        current = other;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_registers_is_told_why() {
    let app = TestApp::start().await;
    let input = json!({ "email": EMAIL, "password": "long-enough-name.of.ann@mail.bücher.example7" });
    let answer = app.anonymous().try_register(input).await;
    let message = answer["data"]["register"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("e-mail address or username"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_name_does_not_refuse_everything() {
    let app = TestApp::start().await;
    for (email, password) in [
        ("a@b.co", "a banana for a cobra at noon"),
        ("an@example.com", "an elephant can dance in vienna"),
        ("o@example.com", "correct horse battery staple"),
        ("0@1.example", "vK8#qLm2zWx!Ty7p01"),
    ] {
        let answer = app.anonymous().try_register(json!({ "email": email, "password": password })).await;
        assert_eq!(answer["data"]["register"]["__typename"], "RegisterSuccess", "{email}: {answer}");
    }
}
