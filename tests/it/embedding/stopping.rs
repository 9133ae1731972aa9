//! The end of an application, and of the instance in it.

use portcullis::poem::http::HeaderMap;
use portcullis::poem::{Route, handler};
use portcullis::{NotSignedIn, Portcullis, Sender};
use serde_json::json;

use super::{Served, config};
use crate::support::app::SECRET;
use crate::support::cluster::watched_dir;
use crate::support::database::TestDatabase;
use crate::support::events::Events;
use crate::support::process::{postmaster, run};

#[handler]
fn own() -> &'static str {
    "own"
}

#[tokio::test(flavor = "multi_thread")]
async fn when_poems_server_is_told_to_stop_streams_end_and_so_does_the_application() {
    let database = TestDatabase::new().await;
    let portcullis = Portcullis::start(config(&database, &[])).await.expect("an instance");
    let app = Route::new().at("/own", own).nest("/auth", portcullis.routes());
    let served = Served::by_poem(app, |stopped| portcullis.drained_after(async { _ = stopped.await })).await;
    let environment = [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let (status, key, errors) = run(&["service-keys", "create", "a test"], &environment);
    assert!(status.success(), "{errors}");
    let mut events = Events::open(&format!("{}/auth/revocations", served.url), key.trim(), None).await;
    events.next().await;
    let ready = reqwest::get(format!("{}/auth/health/ready", served.url)).await.expect("an answer");
    assert_eq!(ready.status(), 200);
    drop(served.stop);
    while events.next().await.is_some() {}
    served.task.await.expect("its end");
    portcullis.stop().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_instance_answers_nothing_whoever_still_holds_it() {
    let database = TestDatabase::new().await;
    let portcullis = Portcullis::start(config(&database, &[])).await.expect("an instance");
    let app = Route::new().at("/own", own).nest("/auth", portcullis.routes());
    let served = Served::by_poem(app, |stopped| async { _ = stopped.await }).await;
    let client = served.client("/auth").register("ada@example.com").await;
    let token = client.access_token().to_owned();
    let held = portcullis.clone();
    portcullis.stop().await.expect("an end");
    portcullis.stop().await.expect("once more");
    for path in ["/auth/graphql?query=%7B__typename%7D", "/auth/health/ready", "/auth/.well-known/jwks.json"] {
        let answer = client.http.get(format!("{}{path}", served.url)).send().await.expect("an answer");
        assert_eq!(answer.status(), 503, "{path}");
    }
    let answer = json!(held.execute("{ me { id } }", &Sender::with_token(&token)).await);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{answer}");
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    assert_eq!(held.authenticate(&headers).await.expect_err("a refusal"), NotSignedIn::Unavailable);
    let answer = client.http.get(format!("{}/own", served.url)).send().await.expect("an answer");
    assert_eq!(answer.text().await.expect("text"), "own", "the application goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_dropped_leaves_nothing_running() {
    let dir = watched_dir("dropped");
    let settings = [("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8")), ("PORTCULLIS_ARGON2_MEMORY_KIB", "64")];
    let config = portcullis::Config::from_settings(settings).expect("settings of the test");
    let portcullis = Portcullis::start(config).await.expect("an instance");
    let routes = portcullis.routes();
    drop(portcullis);
    assert!(postmaster(&dir).is_some(), "its routes keep it");
    drop(routes);
    assert_eq!(postmaster(&dir), None);
}
