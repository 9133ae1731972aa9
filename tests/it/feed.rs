//! Sessions that end on one instance and are cached on others.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::app::App;
use portcullis::clock::Stopwatch;
use portcullis::error::{Error, Reason};
use portcullis::tokens::Credential;
use portcullis::use_cases::authenticate::authenticate;
use portcullis::use_cases::logout::logout;
use rustix::process::Signal;

use crate::support::process::signal;
use crate::support::{Client, TestApp, until};

const REVOKED: Result<(), &str> = Err("SESSION_REVOKED");

async fn me(client: &Client) -> Result<(), String> {
    client.is_signed_in().await
}

/// The connections that listen to the changes of this database.
const LISTENERS: &str = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN portcullis\\_' || \
    (SELECT relnamespace FROM pg_class WHERE oid = 'sessions'::regclass) || ';%'";

async fn listeners(app: &TestApp) -> Vec<i32> {
    app.database.operator.query(LISTENERS, &[]).await.expect("rows").iter().map(|row| row.get(0)).collect()
}

/// Asks without a pause until the session is refused; fails if it is accepted in answer to a request sent later than `limit`
/// after `since`.
pub(crate) async fn refused_within(limit: Duration, since: Stopwatch, client: &Client) {
    loop {
        let late = since.elapsed() > limit;
        match me(client).await {
            Ok(()) => assert!(!late, "accepted {:?} after its end", since.elapsed()),
            Err(reason) => return assert_eq!(reason, "SESSION_REVOKED"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_on_one_instance_ends_on_all() {
    let app = TestApp::start().await;
    let peers = [app.peer(&[]).await, app.peer(&[]).await];
    for _ in 0..20 {
        let here = app.anonymous();
        let client = if app.database.count("SELECT count(*) FROM accounts").await == 0 {
            here.register("ada@example.com").await
        } else {
            here.login("ada@example.com").await
        };
        let there = peers.each_ref().map(|peer| peer.visited_by(&client));
        for client in &there {
            assert_eq!(me(client).await, Ok(()));
            assert_eq!(me(client).await, Ok(()));
        }
        assert!(client.logout().await);
        assert_eq!(me(&client).await, REVOKED.map_err(str::to_owned), "where it ended at once");
        let since = Stopwatch::start();
        for client in &there {
            refused_within(Duration::from_secs(2), since, client).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_changes_by_hand_is_noticed() {
    let app = TestApp::with(&["--feed-timeout=1m"]).await;
    for change in [
        "UPDATE sessions SET revoked_at = now()",
        "UPDATE sessions SET expires_at = created_at + interval '1 microsecond'",
        "UPDATE sessions SET last_used_at = '2025-01-01'",
        "DELETE FROM sessions",
        "TRUNCATE sessions",
        "UPDATE accounts SET disabled_at = now()",
        "DELETE FROM accounts",
        "TRUNCATE accounts CASCADE",
        "SET session_replication_role = replica; UPDATE sessions SET revoked_at = now(); RESET session_replication_role",
    ] {
        let client = match app.anonymous().try_login("ada@example.com", crate::support::PASSWORD).await {
            answer if answer["data"]["login"]["__typename"] == "LoginSuccess" => {
                app.anonymous().login("ada@example.com").await
            }
            _ => app.registered("ada@example.com").await,
        };
        app.clock.advance(Duration::from_millis(1));
        assert_eq!(me(&client).await, Ok(()), "before: {change}");
        app.database
            .operator
            .batch_execute(&format!("SET search_path TO public; {}", qualified(&app, change).await))
            .await
            .expect("a change");
        until(change, async || me(&client).await == Err("SESSION_REVOKED".into())).await;
        let schema = schema(&app).await;
        app.database.operator.batch_execute(&format!("SET search_path TO {schema}")).await.expect("a path");
        app.database.operator.batch_execute("DELETE FROM accounts").await.expect("a clean table");
    }
    let client = app.registered("ada@example.com").await;
    assert_eq!(me(&client).await, Ok(()));
    app.database.execute("UPDATE accounts SET roles = '{staff}'").await;
    until("the new roles", async || client.me().await["data"]["me"]["roles"][0] == "staff").await;
}

async fn schema(app: &TestApp) -> String {
    app.database.url.rsplit("%3D").next().expect("a schema").to_owned()
}

/// A statement of an operator with another search path.
async fn qualified(app: &TestApp, change: &str) -> String {
    let schema = schema(app).await;
    change.replace("sessions", &format!("{schema}.sessions")).replace("accounts", &format!("{schema}.accounts"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_listener_is_replaced_and_nothing_is_accepted_past_the_limit() {
    let limit = Duration::from_secs(1);
    let app = TestApp::with(&["--feed-timeout=1s"]).await;
    let peer = app.peer(&["--feed-timeout=1s"]).await;
    app.registered("ada@example.com").await;
    for _ in 0..5 {
        until("the feed", async || peer.app.feed.is_fresh()).await;
        let client = app.anonymous().login("ada@example.com").await;
        let there = peer.visited_by(&client);
        assert_eq!(me(&there).await, Ok(()));
        for pid in listeners(&app).await {
            app.database.execute(&format!("SELECT pg_terminate_backend({pid})")).await;
        }
        assert!(client.logout().await);
        refused_within(limit, Stopwatch::start(), &there).await;
    }
    until("the feed is back", async || peer.app.feed.is_fresh()).await;
    let client = app.anonymous().login("ada@example.com").await;
    let there = peer.visited_by(&client);
    assert_eq!(me(&there).await, Ok(()));
    assert_eq!(peer.app.session_cache.len(), 1, "it remembers again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_listener_is_noticed_by_its_silence() {
    let limit = Duration::from_secs(1);
    let app = TestApp::with(&["--feed-timeout=1s"]).await;
    let before = listeners(&app).await;
    let peer = app.peer(&["--feed-timeout=1s"]).await;
    let client = app.registered("ada@example.com").await;
    let there = peer.visited_by(&client);
    until("it is remembered", async || {
        assert_eq!(me(&there).await, Ok(()));
        peer.app.session_cache.len() == 1
    })
    .await;
    let frozen: Vec<_> = listeners(&app).await.into_iter().filter(|pid| !before.contains(pid)).collect();
    assert_eq!(frozen.len(), 1);
    signal(frozen[0], Signal::STOP);
    let ended = client.logout().await;
    let since = Stopwatch::start();
    refused_within(limit, since, &there).await;
    signal(frozen[0], Signal::CONT);
    assert!(ended);
    until("the feed is back", async || peer.app.feed.is_fresh()).await;
    assert_eq!(me(&there).await, Err("SESSION_REVOKED".into()));
}

/// Two deployments in one database, and a way past the pooler that finds the other's tables.
#[tokio::test(flavor = "multi_thread")]
async fn changes_are_heard_whatever_the_search_path_of_the_direct_way() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let peer = app.peer(&["--feed-timeout=1s", "--database-direct-url", &other.database.url]).await;
    assert!(peer.app.feed.is_fresh());
    let client = app.registered("ada@example.com").await;
    let there = peer.visited_by(&client);
    assert_eq!((me(&there).await, me(&there).await), (Ok(()), Ok(())));
    assert!(client.logout().await);
    refused_within(Duration::from_secs(1), Stopwatch::start(), &there).await;
}

/// The triggers are off, and still nobody is accepted for long.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_is_looked_up_again_from_time_to_time() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    assert_eq!(me(&ada).await, Ok(()));
    let silent = "ALTER TABLE sessions DISABLE TRIGGER ALL; UPDATE sessions SET revoked_at = now()";
    app.database.operator.batch_execute(silent).await.expect("a change");
    assert_eq!(me(&ada).await, Ok(()), "nobody told");
    app.clock.advance(Duration::from_secs(301));
    assert_eq!(me(&ada).await, Err("SESSION_REVOKED".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded_and_forgetting_is_no_harm() {
    let app = TestApp::with(&["--session-cache=20"]).await;
    app.registered("ada@example.com").await;
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(app.anonymous().login("ada@example.com").await);
    }
    for client in &clients {
        assert_eq!(me(client).await, Ok(()));
        assert!(app.app.session_cache.len() <= 20, "{}", app.app.session_cache.len());
    }
    assert!(!app.app.session_cache.is_empty());
    assert!(clients[0].logout().await);
    assert_eq!(me(&clients[0]).await, Err("SESSION_REVOKED".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_replaced_at_once_are_refused_by_a_running_instance() {
    let app = TestApp::start().await;
    let peer = app.peer(&[]).await;
    let _background = portcullis::background::Background::start(&peer.app);
    let there = peer.continued_by(&app.registered("ada@example.com").await);
    assert_eq!(me(&there).await, Ok(()));
    portcullis::use_cases::keys::rotate_at_once(&app.console(&[]).operator()).await.expect("a rotation");
    until("it is refused", async || me(&there).await == Err("TOKEN_INVALID".into())).await;
    assert_eq!(there.refresh().await.is_signed_in().await, Ok(()));
}

const ROUNDS: usize = 4000;

/// Many sessions, each looked up on one instance just while it ends on another. Afterwards none may be accepted: a look-up that
/// had read the row before its end must not have been remembered after it.
async fn race(reader: &Arc<App>, writer: &Arc<App>, tokens: Vec<String>) {
    let queue = Arc::new(Mutex::new(tokens.clone()));
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (reader, writer, queue) = (reader.clone(), writer.clone(), queue.clone());
            let next = move || queue.lock().expect("a queue").pop();
            tokio::spawn(async move {
                while let Some(token) = next() {
                    let credential = || Credential::Bearer(token.clone());
                    let (one, two, three) = (credential(), credential(), credential());
                    let device = portcullis::client::Client::default();
                    let (_, _, ended) = tokio::join!(
                        authenticate(&reader, &one),
                        authenticate(&reader, &two),
                        logout(&writer, &device, &three, &[])
                    );
                    assert!(ended.expect("a logout"));
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("a worker");
    }
    let mut heard = reader.feed.follow();
    // One from the start of the feed, then one for each end.
    let seen = tokens.len() as u64;
    heard.wait_for(|heard| heard.changes > seen).await.expect("a feed");
    for token in tokens {
        let answer = authenticate(reader, &Credential::Bearer(token)).await;
        assert!(matches!(answer, Err(Error::Unauthenticated(Reason::SessionRevoked))), "a stale entry was kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_overlaps_an_end_is_not_remembered() {
    let app = TestApp::start().await;
    let reader = Arc::new(app.instance(&[]).await);
    let client = app.registered("ada@example.com").await;
    let session = client.session_id();
    let copies = format!(
        "INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) \
         SELECT gen_random_uuid(), account_id, created_at, last_used_at, expires_at \
         FROM sessions, generate_series(1, {ROUNDS}) WHERE id = '{session}'"
    );
    assert_eq!(app.database.execute(&copies).await, ROUNDS as u64);
    let rows =
        app.database.operator.query("SELECT id::text FROM sessions WHERE user_agent IS NULL", &[]).await.expect("rows");
    let keys = app.app.keys.current();
    let parts = jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(client.access_token()).expect("a JWT");
    let tokens = rows.iter().map(|row| {
        let mut claims = parts.claims.clone();
        claims["sid"] = serde_json::json!(row.get::<_, &str>(0));
        keys.signing(app.app.clock.now()).sign(&parts.header, &claims).expect("a token")
    });
    race(&reader, &app.app, tokens.collect()).await;
}
