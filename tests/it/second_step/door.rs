//! Each way in: whatever can open a session asks an account with a second factor for it. The ways are found in the schema.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::types::{BaseType, TypeKind, TypeSystemDefinition};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{ADA, complete, first, with_factor};
use crate::generated::definitions;
use crate::passkey_sign_in;
use crate::support::passkeys::Authenticator;
use crate::support::{Client, PASSWORD, TestApp};

/// The mutations whose answers have tokens, and the documents that select them.
fn ways_in() -> BTreeMap<String, String> {
    let mut objects = BTreeMap::new();
    let mut unions = BTreeMap::new();
    for definition in definitions() {
        let TypeSystemDefinition::Type(kind) = definition else { continue };
        let name = kind.node.name.node.to_string();
        match kind.node.kind {
            TypeKind::Object(object) => {
                let fields = object.fields.into_iter().map(|field| (field.node.name.node.to_string(), field.node));
                objects.insert(name, fields.collect::<BTreeMap<_, _>>());
            }
            TypeKind::Union(union) => {
                let members = union.members.into_iter().map(|member| member.node.to_string());
                unions.insert(name, members.collect::<Vec<_>>());
            }
            _ => {}
        }
    }
    let named = |mut base: &BaseType| loop {
        match base {
            BaseType::Named(name) => return name.to_string(),
            BaseType::List(inner) => base = &inner.base,
        }
    };
    // An object that has the token itself, or one that has such an object, however deep.
    let mut opening: BTreeSet<String> = ["Tokens".to_owned()].into();
    loop {
        let more = objects.iter().filter(|(name, fields)| {
            !opening.contains(*name)
                && fields.iter().any(|(field, it)| {
                    opening.contains(&named(&it.ty.node.base)) || field.to_lowercase().contains("accesstoken")
                })
        });
        let more: Vec<_> =
            more.map(|(name, _)| name.clone()).filter(|name| name != "Mutation" && name != "Query").collect();
        if more.is_empty() {
            break;
        }
        opening.extend(more);
    }
    assert!(opening.contains("LoginSuccess") && opening.contains("RegisterSuccess"), "{opening:?}");
    let mut ways = BTreeMap::new();
    for (name, field) in &objects["Mutation"] {
        let result = named(&field.ty.node.base);
        let members = unions.get(&result).cloned().unwrap_or_else(|| vec![result]);
        let members: Vec<_> = members.into_iter().filter(|member| opening.contains(member)).collect();
        if members.is_empty() {
            continue;
        }
        let selected = members.iter().map(|it| format!("... on {it} {{ tokens {{ accessToken refreshToken }} }}"));
        let selected = selected.collect::<Vec<_>>().join(" ");
        let input = named(&field.arguments[0].node.ty.node.base);
        let nullable = if field.arguments[0].node.ty.node.nullable { "" } else { "!" };
        let document = format!(
            "mutation($i: {input}{nullable}) {{ {name}(input: $i) {{ __typename {selected} ... on UserError {{ code }} }} }}"
        );
        ways.insert(name.clone(), document);
    }
    ways
}

/// What somebody sends who has everything of the account but its second factor, and no session of it.
async fn inputs(app: &TestApp, way: &str) -> Vec<Value> {
    let client = app.anonymous();
    let mailed = async || app.mail_to(ADA).await.by_link();
    match way {
        "login" => vec![json!({ "identifier": ADA, "password": PASSWORD })],
        "signInWithEmail" => {
            client.start_email_sign_in(ADA).await;
            vec![json!({ "proof": mailed().await })]
        }
        "completeSignIn" => {
            let mut strangers = Authenticator::synced();
            let flow = first(app).await["flow"].clone();
            let mut inputs = Vec::new();
            for text in ["", "000000", PASSWORD] {
                inputs.push(json!({ "flow": flow, "factor": { "totp": text } }));
                inputs.push(json!({ "flow": flow, "factor": { "recoveryCode": text } }));
            }
            // Whoever has another key, under the id of a passkey of the account if it has one.
            let asked = first(app).await;
            let alone = passkey_sign_in::start(&client).await;
            let options = if asked["passkeyOptions"].is_object() { &asked["passkeyOptions"] } else { &alone };
            let own =
                options["allowCredentials"][0]["id"].as_str().map(|id| URL_SAFE_NO_PAD.decode(id).expect("an id"));
            strangers.id = own.unwrap_or_else(|| vec![7; 32]);
            for answer in [json!({}), strangers.sign_in(options), strangers.sign_in(&alone)] {
                inputs.push(json!({ "flow": asked["flow"], "factor": { "passkey": answer } }));
            }
            inputs
        }
        "completeSecondFactorEnrolment" => {
            let flow = first(app).await;
            // Where the account has a factor already, this gives no secret.
            crate::enrolment::start(&client, &flow).await;
            let codes = ["", "000000", PASSWORD].iter().map(|code| json!({ "totp": code }));
            let factors = codes.chain([json!({ "passkey": {} })]);
            factors.map(|factor| json!({ "flow": flow["flow"], "factor": factor })).collect()
        }
        // Whoever has another key can say that it is a passkey of the account.
        "signInWithPasskey" => {
            let mut strangers = Authenticator::synced();
            let mut inputs = Vec::new();
            let owner =
                app.database.texts("SELECT id::text FROM accounts WHERE email = 'ada@example.com'").await.remove(0);
            let owner: uuid::Uuid = owner.parse().expect("an id");
            strangers.user_handle = Some(owner.as_bytes().to_vec());
            for id in [strangers.id.clone(), vec![7; 32]] {
                strangers.id = id;
                let options = passkey_sign_in::start(&client).await;
                inputs.push(json!({ "credential": strangers.sign_in(&options) }));
            }
            // The answer to what the second step asks for.
            let mut options = first(app).await["passkeyOptions"].clone();
            if options.is_null() {
                options = json!({ "challenge": "", "rpId": "localhost" });
            }
            inputs.push(json!({ "credential": strangers.sign_in(&options) }));
            inputs
        }
        "register" => vec![json!({ "email": ADA, "password": PASSWORD })],
        "confirmRegistration" => {
            // Any mail that the address gets.
            client.start_password_reset(ADA).await;
            let reset = mailed().await;
            client.start_email_sign_in(ADA).await;
            [reset, mailed().await].map(|proof| json!({ "proof": proof })).to_vec()
        }
        // These go on with a session that was opened, which whoever asks does not have.
        "refreshToken" => {
            let flow = first(app).await["flow"].clone();
            vec![json!({ "refreshToken": flow }), json!({ "refreshToken": "" })]
        }
        "reauthenticate" => vec![json!({ "factor": { "password": PASSWORD } })],
        _ => panic!("{way} opens sessions, and this test does not know how: show that it asks for a second factor"),
    }
}

fn has_tokens(answer: &Value) -> bool {
    match answer {
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| (name.ends_with("Token") && value.is_string()) || has_tokens(value))
        }
        Value::Array(values) => values.iter().any(has_tokens),
        _ => false,
    }
}

async fn sent(client: &Client, document: &str, input: &Value) -> Value {
    client.send(document, json!({ "i": input })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_way_in_opens_a_session_without_the_second_factor() {
    let started = async || {
        let app = TestApp::start().await;
        with_factor(&app).await;
        app.database.execute("UPDATE sessions SET revoked_at = now()").await;
        app
    };
    no_way_in(started).await;
    let with_passkey = async || {
        let app = TestApp::start().await;
        passkey_sign_in::with_passkey(&app, ADA, &mut Authenticator::synced()).await;
        app.database.execute("UPDATE sessions SET revoked_at = now()").await;
        // So that the mail that tells of it is older than the others.
        app.clock.advance(crate::totp::STEP);
        app
    };
    no_way_in(with_passkey).await;
}

/// Where a second factor is required, an account that has none is let in by none of them: the one that adds a factor asks for a code of it.
#[tokio::test(flavor = "multi_thread")]
async fn no_way_in_opens_a_session_of_an_account_that_needs_a_factor_and_has_none() {
    for policy in ["--second-factor=required", "--second-factor-roles=admin"] {
        let started = async || {
            let app = TestApp::with(&[policy]).await;
            crate::enrolment::register(&app.anonymous(), ADA).await;
            app.database.execute("UPDATE sessions SET revoked_at = now()").await;
            app.database.execute("UPDATE accounts SET roles = '{admin}'").await;
            app
        };
        no_way_in(started).await;
    }
}

/// Whoever has everything of the account in `started` but a second factor gets no tokens.
async fn no_way_in(started: impl AsyncFn() -> TestApp) {
    let ways = ways_in();
    for (way, document) in &ways {
        let app = started().await;
        for input in inputs(&app, way).await {
            let answer = sent(&app.anonymous(), document, &input).await;
            assert!(answer["data"].is_object() && !has_tokens(&answer), "{way}: {answer}");
            let is_refused = answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED";
            assert!(is_refused || answer["data"][way]["code"].is_string(), "{way}: {answer}");
        }
        let opened = "SELECT count(*) FROM sessions WHERE revoked_at IS NULL";
        assert_eq!(app.database.count(opened).await, 0, "{way}");
    }
}

/// Else the test above would show nothing: what it sends opens sessions of an account without a factor.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_opens_sessions_of_an_account_without_one() {
    for way in ["login", "signInWithEmail"] {
        let app = TestApp::start().await;
        app.registered(ADA).await;
        let document = &ways_in()[way];
        for input in inputs(&app, way).await {
            assert!(has_tokens(&sent(&app.anonymous(), document, &input).await), "{way}");
        }
    }
    let (app, asked) = crate::enrolment::asked(&[]).await;
    let (_, success) = crate::enrolment::enrol(&app, &asked).await;
    assert!(has_tokens(&success), "{success}");
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    passkey_sign_in::with_passkey(&app, ADA, &mut authenticator).await;
    let credential = authenticator.sign_in(&passkey_sign_in::start(&app.anonymous()).await);
    let document = &ways_in()["signInWithPasskey"];
    let success = sent(&app.anonymous(), document, &json!({ "credential": credential })).await;
    assert!(has_tokens(&success), "{success}");
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let success = complete(&app.anonymous(), &first(&app).await, super::totp(&authenticator.code(&app, 0))).await;
    assert!(has_tokens(&success), "{success}");
}
