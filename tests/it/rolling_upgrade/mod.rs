//! Two releases beside each other: the database is expanded, and instances of the release before go on.

mod at_once;
mod before;
mod contracting;
mod instance;
mod locks;
mod reverse;
mod schema;
mod stopped;

use portcullis::ids::SessionId;
use portcullis::tokens::refresh::RefreshToken;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Client, PASSWORD, SignedIn, TestApp};
use instance::Instance;

/// Another password than everybody's.
const OTHER: &str = "quite another password";

/// The answer's type.
async fn login(app: &TestApp, email: &str, password: &str) -> String {
    app.anonymous().login_type(email, password).await
}

async fn change(client: &Client, current: &str, new: &str) -> Value {
    let query = "mutation Change($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";
    let answer = client.send(query, json!({ "input": { "currentPassword": current, "newPassword": new } })).await;
    answer["data"]["changePassword"]["__typename"].clone()
}

/// Somebody whose password is another, and its hash.
async fn hash_of_other(app: &TestApp) -> String {
    let answer = app.anonymous().try_register(json!({ "email": "eve@example.com", "password": OTHER })).await;
    assert_eq!(answer["data"]["register"]["__typename"], "RegisterSuccess", "{answer}");
    hash(app, "eve@example.com").await
}

async fn text(app: &TestApp, query: &str) -> String {
    app.database.operator.query_one(query, &[]).await.expect("a row").get(0)
}

async fn hash(app: &TestApp, email: &str) -> String {
    text(app, &format!("SELECT hash FROM passwords JOIN accounts ON account_id = id WHERE email = '{email}'")).await
}

/// The account's and the session's.
fn ids(client: &SignedIn) -> (Uuid, Uuid) {
    (client.user_id().parse().expect("an id"), client.session_id().parse().expect("an id"))
}

/// How many accounts have another password in one place than in the other.
async fn differ(app: &TestApp) -> i64 {
    let count = "SELECT count(*) FROM accounts a FULL JOIN passwords p ON p.account_id = a.id \
        WHERE (a.password_hash, coalesce(a.password_changed_at, a.created_at)) IS DISTINCT FROM (p.hash, p.changed_at) \
        AND NOT (p.account_id IS NULL AND (a.password_hash = '' OR a.password_hash LIKE '$argon2id$%$AAAAAAAAAAAAAAAA%'))";
    app.database.count(count).await
}

/// The claims of an access token, unverified.
fn claims(token: &str) -> Value {
    use base64::Engine;
    let payload = token.split('.').nth(1).expect("a payload");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64");
    serde_json::from_slice(&bytes).expect("claims")
}

/// Goes on with a session by the token with this counter. Returns the claims of its access token.
async fn refreshed(app: &TestApp, session: Uuid, counter: i64) -> Value {
    let token = RefreshToken { session: SessionId(session), counter }.mint(&app.app.keys.current());
    let answer = app.anonymous().try_refresh(token.expose()).await;
    claims(answer["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("no refresh: {answer}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_release_before_writes_is_right_for_this_one() {
    let app = TestApp::start().await;
    schema::expanded(&app).await;
    let ada = app.registered("ada@example.com").await;
    let (of_all, other) = (hash(&app, "ada@example.com").await, hash_of_other(&app).await);
    let before = Instance::of(&app).await;

    let (bob, session) = before.register("bob@example.com", &of_all).await;
    assert_eq!(login(&app, "bob@example.com", PASSWORD).await, "LoginSuccess");
    assert_eq!(login(&app, "bob@example.com", OTHER).await, "InvalidCredentials");
    let claims = refreshed(&app, session, 1).await;
    assert_eq!((claims["auth_time"].as_i64(), &claims["amr"]), (Some(1_767_225_600), &json!(["pwd"])));
    before.create("cyd@example.com", &of_all).await;
    assert_eq!(login(&app, "cyd@example.com", PASSWORD).await, "LoginSuccess");

    // A stronger hash is no change of the password; the hash of the other password stands for one.
    let set = format!("SELECT changed_at::text FROM passwords WHERE account_id = '{bob}'");
    let changed_at = text(&app, &set).await;
    let session = before.open(bob, &of_all, Some(&other)).await.expect("a session");
    assert_eq!(login(&app, "bob@example.com", OTHER).await, "LoginSuccess");
    assert_eq!(text(&app, &set).await, changed_at);
    assert!(before.refresh(session, 1).await && !before.refresh(Uuid::new_v4(), 1).await);

    let (id, by) = ids(&ada);
    assert_eq!(before.change_password(id, by, "not this", &other).await, (false, false));
    assert_eq!(before.change_password(id, by, &of_all, &other).await, (true, true));
    assert_eq!(login(&app, "ada@example.com", PASSWORD).await, "InvalidCredentials");
    assert_eq!(login(&app, "ada@example.com", OTHER).await, "LoginSuccess");
    assert_eq!(change(&ada, OTHER, PASSWORD).await, "ChangePasswordSuccess");
    assert_eq!(before.find_hash(id).await.as_deref(), Some(hash(&app, "ada@example.com").await.as_str()));
    assert_eq!(differ(&app).await, 0);

    let session = before.open(bob, &other, None).await.expect("a session");
    assert!(before.delete_own(bob, session, &other, true).await);
    let kept =
        async |id: Uuid| app.database.count(&format!("SELECT count(*) FROM passwords WHERE account_id = '{id}'")).await;
    assert_eq!(kept(bob).await, 1, "it may be restored");
    let (dan, session) = before.register("dan@example.com", &of_all).await;
    assert!(before.delete_own(dan, session, &of_all, false).await);
    assert_eq!(kept(dan).await, 0);
    let (eli, _) = before.register("eli@example.com", &of_all).await;
    before.delete(eli, 0).await;
    assert_eq!((kept(eli).await, differ(&app).await), (0, 0));
    app.database.execute("DELETE FROM accounts WHERE email = 'cyd@example.com'").await;
    assert_eq!(differ(&app).await, 0);
}
