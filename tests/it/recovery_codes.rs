//! Recovery codes, as they are shown in sign-ins.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::second_step::{ADA, complete, first};
use crate::support::flows::held_up;
use crate::support::passkeys::Authenticator;
use crate::support::{Client, TestApp};
use crate::totp::{enrolled, events, factors, kind};

pub(crate) async fn replace(client: &Client) -> Value {
    let query = "mutation { replaceRecoveryCodes { __typename ... on ReplaceRecoveryCodesSuccess { recoveryCodes } \
        ... on UserError { code message } ... on RateLimited { retryAfter } } }";
    client.send(query, Value::Null).await["data"]["replaceRecoveryCodes"].clone()
}

/// Shows a code in a sign-in that was begun.
async fn show(app: &TestApp, asked: &Value, code: &str) -> Value {
    complete(&app.anonymous(), asked, json!({ "recoveryCode": code })).await
}

/// Shows a code in a sign-in of its own.
async fn is_right(app: &TestApp, code: &str) -> bool {
    let shown = show(app, &first(app).await, code).await;
    match kind(&shown) {
        "LoginSuccess" => true,
        other => {
            assert_eq!(other, "InvalidCode", "{shown}");
            false
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_used_once_however_it_is_typed() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (_, codes) = enrolled(&app, &ada).await;
    let typed = [codes[0].clone(), codes[1].to_lowercase(), codes[2].replace('-', " "), codes[3].replace('-', "")];
    for (used, code) in typed.iter().enumerate() {
        assert!(is_right(&app, code).await, "{code}");
        assert!(!is_right(&app, code).await, "{code}, again");
        assert!(!is_right(&app, &codes[used]).await, "{code}, as it was shown");
        assert_eq!(factors(&ada).await["recoveryCodesLeft"], json!(9 - used));
    }
    assert_eq!((events(&app, "recovery_code_used").await, events(&app, "second_factor_failed").await), (4, 8));
    let mails = app.mails_to(ADA).await;
    let told: Vec<_> = mails.iter().filter(|mail| mail.text().starts_with("A recovery code was used\n")).collect();
    let left = |left: &i32| {
        told.iter().filter(|mail| mail.text().contains(&format!("\nRecovery codes left: {left}\n"))).count()
    };
    assert_eq!([6, 7, 8, 9].iter().map(left).collect::<Vec<_>>(), [1, 1, 1, 1], "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_show_the_same_code_at_once_one_is_right() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (_, codes) = enrolled(&app, &ada).await;
    let outcomes = join_all((0..20).map(|_| is_right(&app, &codes[7]))).await;
    assert_eq!(outcomes.iter().filter(|is_right| **is_right).count(), 1);
    assert_eq!(
        (events(&app, "recovery_code_used").await, factors(&ada).await["recoveryCodesLeft"].clone()),
        (1, json!(9))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_right() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.registered(ADA).await, app.registered("eve@example.com").await);
    let (_, codes) = enrolled(&app, &ada).await;
    let (_, of_eve) = enrolled(&app, &eve).await;
    assert!(!is_right(&app, &of_eve[0]).await, "it is another's");
    let other_slot = format!("1{}", &codes[0][1..]);
    for odd in ["", "0", "0000-0000-0000", "\0", &"0".repeat(10_000), other_slot.as_str(), &codes[0][..13]] {
        assert!(!is_right(&app, odd).await, "{odd:.20}");
    }
    // Rows that somebody copies in the database do open, since they are hashes; those of a disabled account do not.
    let asked = first(&app).await;
    app.database.execute("UPDATE accounts SET disabled_at = now()").await;
    assert_eq!(kind(&show(&app, &asked, &codes[0]).await), "FlowExpired", "the account is disabled");
    app.database.execute("UPDATE accounts SET disabled_at = NULL").await;
    assert!(is_right(&app, &codes[0]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_codes_replace_all_of_before() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (_, old) = enrolled(&app, &ada).await;
    assert!(is_right(&app, &old[0]).await);
    let replaced = replace(&ada).await;
    let new: Vec<&str> =
        replaced["recoveryCodes"].as_array().expect("codes").iter().filter_map(Value::as_str).collect();
    assert_eq!((new.len(), factors(&ada).await["recoveryCodesLeft"].clone()), (10, json!(10)));
    for code in &old {
        assert!(!is_right(&app, code).await, "{code}");
    }
    assert!(is_right(&app, new[0]).await, "also that of a slot that was used");
    assert_eq!(events(&app, "recovery_codes_replaced").await, 1);
    let mails = app.mails_to(ADA).await;
    assert!(mails.iter().any(|mail| mail.text().starts_with("There are new recovery codes\n")), "{mails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn replacing_is_limited_and_so_are_wrong_codes() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let ada = app.registered(ADA).await;
    let (_, codes) = enrolled(&app, &ada).await;
    for asked in [first(&app).await, first(&app).await] {
        for _ in 0..5 {
            assert_eq!(kind(&show(&app, &asked, "0000-0000-0000").await), "InvalidCode");
        }
    }
    let limited = show(&app, &first(&app).await, &codes[0]).await;
    assert_eq!(kind(&limited), "RateLimited", "{limited}");
    assert_eq!(events(&app, "limited").await, 1);
    for _ in 0..9 {
        assert_eq!(kind(&replace(&ada).await), "ReplaceRecoveryCodesSuccess");
    }
    assert_eq!(kind(&replace(&ada).await), "RateLimited");
}

/// Codes that somebody else made would open the account once it has a second factor, or in the place of one that it lacks.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_second_factor_gets_none() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let refused = replace(&ada).await;
    assert_eq!((kind(&refused), &refused["code"]), ("NoSecondFactor", &json!("NO_SECOND_FACTOR")), "{refused}");
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 0);
    assert_eq!(events(&app, "recovery_codes_replaced").await, 0);
    assert_eq!(app.mails_to(ADA).await.len(), 0);
    enrolled(&app, &ada).await;
    assert_eq!(kind(&replace(&ada).await), "ReplaceRecoveryCodesSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_that_is_removed_while_they_are_replaced_leaves_none() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    enrolled(&app, &ada).await;
    let gone = "SELECT FROM accounts FOR NO KEY UPDATE; DELETE FROM totps; DELETE FROM recovery_codes";
    let replaced = held_up(&app, gone, async move { replace(&ada).await }, async || {}).await;
    assert_eq!(kind(&replaced), "NoSecondFactor", "{replaced}");
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_factor_replaces_all_that_somebody_made_before() {
    for is_passkey in [true, false] {
        let app = TestApp::start().await;
        let ada = app.registered(ADA).await;
        let planted = "INSERT INTO recovery_codes (account_id, slot, hash) SELECT id, slot, 'x' FROM accounts, generate_series(0, 9) slot";
        app.database.execute(planted).await;
        let shown = if is_passkey {
            ada.add_passkey(&mut Authenticator::synced()).await["recoveryCodes"].as_array().map(Vec::len)
        } else {
            Some(enrolled(&app, &ada).await.1.len())
        };
        let left = app.database.count("SELECT count(*) FROM recovery_codes WHERE hash = 'x'").await;
        assert_eq!((shown, left), (Some(10), 0), "{is_passkey}");
        assert_eq!(factors(&ada).await["recoveryCodesLeft"], 10);
    }
}
