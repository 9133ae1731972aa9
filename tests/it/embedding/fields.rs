//! Fields of an application: what holds for ours holds for them.

use std::collections::BTreeMap;

use portcullis::async_graphql::{Context, Object, Result};
use portcullis::poem::{EndpointExt, Route};
use portcullis::{Portcullis, Sender, auth, auth_fresh, public};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Served, config};
use crate::support::Client;
use crate::support::database::TestDatabase;

/// Something with a part that is not for everybody.
struct Card;

#[Object]
impl Card {
    async fn name(&self) -> &str {
        "a card"
    }

    #[graphql(directive = auth::apply())]
    async fn number(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(Some(portcullis::caller(ctx).await?.session_id().to_string()))
    }
}

struct Fields;

#[Object]
impl Fields {
    #[graphql(directive = public::apply())]
    async fn card(&self) -> Option<Card> {
        Some(Card)
    }

    /// Who calls, if anybody does.
    #[graphql(directive = public::apply())]
    async fn greeting(&self, ctx: &Context<'_>) -> Option<String> {
        let name = portcullis::caller(ctx).await.map_or("stranger".to_owned(), |caller| caller.email().to_owned());
        Some(format!("{}, {name}", ctx.data::<&str>().map_or("no data", |word| *word)))
    }

    /// For those who have just proved who they are.
    #[graphql(directive = auth_fresh::apply())]
    async fn secret(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(Some(format!("for {}", portcullis::caller(ctx).await?.email())))
    }

    #[graphql(directive = public::apply())]
    async fn panics(&self) -> Option<bool> {
        Some("hunter2".parse().expect("hunter2 is somebody's password"))
    }
}

struct Changes;

#[Object]
impl Changes {
    #[graphql(directive = public::apply())]
    async fn touch(&self) -> Option<bool> {
        Some(true)
    }
}

async fn start(database: &TestDatabase, settings: &[(&str, &str)]) -> Portcullis {
    let builder = Portcullis::builder(config(database, settings)).query(Fields).mutation(Changes).data("Hello");
    builder.start().await.expect("an instance")
}

async fn served(portcullis: &Portcullis) -> Served {
    let app = Route::new().nest("/a/b", portcullis.routes());
    Served::by_poem(app.data(portcullis.clone()), |stopped: oneshot::Receiver<()>| async { _ = stopped.await }).await
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_panics_is_measured() {
    let database = TestDatabase::new().await;
    let portcullis = start(&database, &[("PORTCULLIS_METRICS_LISTEN", "127.0.0.1:0")]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/metrics", listener.local_addr().expect("an address"));
    let measuring = portcullis.clone();
    let task = tokio::spawn(async move { measuring.serve_metrics(listener, std::future::pending()).await });
    let served = served(&portcullis).await;
    let anonymous = served.client("/a/b");
    let answer = anonymous.send("{ panics greeting }", Value::Null).await;
    assert_eq!(code(&answer), "INTERNAL_SERVER_ERROR", "{answer}");
    let text = anonymous.http.get(url).send().await.expect("an answer").text().await.expect("a text");
    for series in [
        "portcullis_graphql_results_total{field=\"\",result=\"INTERNAL_SERVER_ERROR\"} 1",
        "portcullis_graphql_operation_duration_seconds_count{operation=\"other\"} 1",
    ] {
        assert!(text.lines().any(|line| line == series), "{series}: {text}");
    }
    task.abort();
    portcullis.stop().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_below_the_root_may_be_guarded_and_a_public_one_may_know_its_caller() {
    let database = TestDatabase::new().await;
    let portcullis = start(&database, &[]).await;
    let served = served(&portcullis).await;
    let anonymous = served.client("/a/b");
    let query = "{ greeting card { name number } }";
    let answer = anonymous.send(query, Value::Null).await;
    assert_eq!(answer["data"], json!({ "greeting": "Hello, stranger", "card": { "name": "a card", "number": null } }));
    assert_eq!((code(&answer), &answer["errors"][0]["path"]), ("UNAUTHENTICATED", &json!(["card", "number"])));
    let ada = anonymous.register("ada@example.com").await;
    let answer = ada.send(query, Value::Null).await;
    let session = ada.session_id();
    let expected = json!({ "greeting": "Hello, ada@example.com", "card": { "name": "a card", "number": session } });
    assert_eq!(answer, json!({ "data": expected }));
    let answer = anonymous.send("{ panics greeting }", Value::Null).await;
    assert_eq!(code(&answer), "INTERNAL_SERVER_ERROR", "{answer}");
    assert!(!answer.to_string().contains("hunter2") && answer["errors"][0]["extensions"]["requestId"].is_string());
    portcullis.stop().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_may_ask_for_who_has_just_proved_who_they_are() {
    let database = TestDatabase::new().await;
    let portcullis = start(&database, &[]).await;
    let served = served(&portcullis).await;
    let anonymous = served.client("/a/b");
    let nobody = anonymous.send("{ secret }", Value::Null).await;
    assert_eq!(nobody["errors"][0]["extensions"]["reason"], "TOKEN_MISSING", "{nobody}");
    let ada = anonymous.register("ada@example.com").await;
    let told = json!({ "data": { "secret": "for ada@example.com" } });
    assert_eq!(ada.send("{ secret }", Value::Null).await, told);
    database.execute("UPDATE sessions SET authenticated_at = now() - interval '11 minutes'").await;
    let ada = ada.refresh().await;
    let expected = json!({ "code": "UNAUTHENTICATED", "reason": "REAUTHENTICATION_REQUIRED" });
    let stale = ada.send("{ me { email } secret }", Value::Null).await;
    assert_eq!(stale["data"], json!({ "me": { "email": "ada@example.com" }, "secret": null }));
    assert_eq!((&stale["errors"][0]["extensions"], &stale["errors"][0]["path"]), (&expected, &json!(["secret"])));
    let within = json!(portcullis.execute("{ secret }", &Sender::with_token(ada.access_token())).await);
    assert_eq!(within["errors"][0]["extensions"], expected);
    let proven = crate::reauthenticate::prove(&ada, crate::support::PASSWORD).await;
    let fresh = ada.with_token(proven["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{proven}")));
    assert_eq!(fresh.send("{ secret }", Value::Null).await, told);
    portcullis.stop().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bounds_hold_for_fields_of_the_application() {
    let database = TestDatabase::new().await;
    let bounds = [
        ("PORTCULLIS_MAX_COMPLEXITY", "100"),
        ("PORTCULLIS_MAX_ALIASES", "100"),
        ("PORTCULLIS_MAX_ROOT_FIELDS", "100"),
    ];
    let portcullis = start(&database, &bounds).await;
    let many = |number: usize| {
        let fields = (0..number).map(|number| format!("a{number}: touch")).collect::<Vec<_>>().join(" ");
        format!("mutation {{ {fields} }}")
    };
    for (document, expected) in [
        (many(10), ""),
        (many(11), "QUERY_TOO_COMPLEX"),
        ("{ card { nothing } }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        ("{ card }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        ("{ __schema { types { name } } }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
    ] {
        let response = portcullis.execute(document.as_str(), &Sender::anonymous()).await;
        assert_eq!(code(&json!(response)), expected, "{document}");
    }
    let hidden = portcullis.execute("{ car { name } }", &Sender::anonymous()).await;
    assert!(!json!(hidden).to_string().contains("card"), "no suggestion tells names: {hidden:?}");
    portcullis.stop().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_documents_may_have_fields_of_the_application() {
    let database = TestDatabase::new().await;
    let dir = tempdir();
    let file = dir.join("documents.json");
    let documents = BTreeMap::from([("greet", "{ greeting }"), ("who", "{ me { email } }")]);
    std::fs::write(&file, json!(documents).to_string()).expect("a file");
    let list =
        [("PORTCULLIS_PERSISTED_QUERIES", "only"), ("PORTCULLIS_PERSISTED_DOCUMENTS", file.to_str().expect("UTF-8"))];
    let portcullis = start(&database, &list).await;
    let served = served(&portcullis).await;
    let anonymous: Client = served.client("/a/b");
    let answer = anonymous.send("{ greeting }", Value::Null).await;
    assert_eq!(answer, json!({ "data": { "greeting": "Hello, stranger" } }));
    assert_eq!(code(&anonymous.send("{ card { name } }", Value::Null).await), "QUERY_NOT_IN_SAFELIST");
    let response = portcullis.execute("{ card { name } }", &Sender::anonymous()).await;
    assert_eq!(code(&json!(response)), "QUERY_NOT_IN_SAFELIST", "nor from within the process");
    portcullis.stop().await.expect("an end");

    std::fs::write(&file, json!({ "bad": "{ nothingOfTheKind }" }).to_string()).expect("a file");
    let refused = Portcullis::builder(config(&database, &list)).query(Fields).start().await;
    assert!(refused.expect_err("a refusal").to_string().contains("can't be answered"));
}

fn tempdir() -> std::path::PathBuf {
    crate::support::cluster::watched_dir("documents")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_shows_them_beside_ours_and_ours_is_as_it_was() {
    let database = TestDatabase::new().await;
    let sdl = Portcullis::builder(config(&database, &[])).query(Fields).mutation(Changes).sdl().expect("a schema");
    for field in ["card: Card @public\n", "number: String @auth\n", "secret: String @auth(fresh: true)\n"] {
        assert!(sdl.contains(&format!("\t{field}")), "{sdl}");
    }
    let ours = portcullis::graphql::sdl();
    for line in ours.lines() {
        assert!(sdl.contains(line), "{line}");
    }
    assert_eq!(Portcullis::builder(config(&database, &[])).sdl().expect("a schema"), ours);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_in_the_target_of_http_2_is_the_host() {
    use portcullis::poem::http::{Uri, Version};
    use portcullis::poem::{Endpoint, Request};

    let database = TestDatabase::new().await;
    let portcullis = start(&database, &[]).await;
    let routes = portcullis.routes();
    let live = Uri::from_static("https://example.com/health/live");
    let ask = async |version: Version, uri: Uri, hosts: &[&str]| {
        let request = Request::builder().version(version).uri(uri);
        let request = hosts.iter().fold(request, |request, host| request.header("host", *host)).finish();
        routes.get_response(request).await.status().as_u16()
    };
    assert_eq!(ask(Version::HTTP_2, live.clone(), &[]).await, 200);
    assert_eq!(ask(Version::HTTP_2, live.clone(), &["example.com"]).await, 200);
    assert_eq!(ask(Version::HTTP_2, live.clone(), &["other.example.com"]).await, 400);
    assert_eq!(ask(Version::HTTP_11, Uri::from_static("/health/live"), &[]).await, 400);
    assert_eq!(ask(Version::HTTP_11, Uri::from_static("/health/live"), &["a", "a"]).await, 400);
    portcullis.stop().await.expect("an end");
}
