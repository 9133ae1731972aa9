//! Clients that are slow, or many, and what is left for the others.

use portcullis::use_cases::service_keys;
use serde_json::json;

use crate::support::database::BLOCKED;
use crate::support::raw::{Raw, TYPENAME, head, post};
use crate::support::{Client, TestApp, until};

/// A head that never ends.
const HALF_A_HEAD: &str = "POST /graphql HTTP/1.1\r\nhost: x\r\n";

async fn readiness(app: &TestApp) -> u16 {
    // A connection of its own: one that is kept would have its place already.
    let http = Client::new(app.url("/graphql")).http;
    http.get(app.url("/health/ready")).send().await.map_or(0, |answer| answer.status().as_u16())
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_do_not_come_close_the_connection() {
    let app = TestApp::with(&["--header-timeout=1s"]).await;
    let silent = Raw::connect(app.address).await;
    let mut half = Raw::connect(app.address).await;
    half.send(HALF_A_HEAD).await;
    let dripping = Raw::connect(app.address).await;
    let mut second = Raw::connect(app.address).await;
    second.send(&post(TYPENAME)).await;
    assert_eq!(second.answer().await.status, 200);
    second.send("P").await;
    assert_eq!(silent.end().await, "");
    assert_eq!(half.end().await, "");
    assert_eq!(dripping.drip("GET / HTTP/1.1\r\nx: ").await, "");
    assert_eq!(second.end().await, "", "the second request of a connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_whole_in_time_is_answered_with_408() {
    let app = TestApp::with(&["--body-timeout=200ms"]).await;
    let mut half = Raw::connect(app.address).await;
    half.send(&post(TYPENAME).replace("content-length: ", "content-length: 1")).await;
    let answer = half.answer().await;
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(half.end().await, "");

    let mut dripping = Raw::connect(app.address).await;
    dripping.send(&head(60_000)).await;
    let answer = dripping.drip(" ").await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("BAD_USER_INPUT"), "{answer}");

    let mut chunks = Raw::connect(app.address).await;
    chunks.send(&head(0).replace("content-length: 0", "transfer-encoding: chunked")).await;
    let answer = chunks.drip("1\r\n \r\n").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_may_be_idle_for_its_own_time() {
    let app = TestApp::with(&["--keep-alive-timeout=1s"]).await;
    let mut idle = Raw::connect(app.address).await;
    for _ in 0..2 {
        idle.send(&post(TYPENAME)).await;
        assert_eq!(idle.answer().await.status, 200);
    }
    assert_eq!(idle.end().await, "");

    let app = TestApp::with(&["--header-timeout=1s"]).await;
    let mut idle = Raw::connect(app.address).await;
    idle.send(&post(TYPENAME)).await;
    assert_eq!(idle.answer().await.status, 200);
    assert_eq!(Raw::connect(app.address).await.end().await, "", "the time for headers is over");
    idle.send(&post(TYPENAME)).await;
    assert_eq!(idle.answer().await.status, 200, "it was not for an idle connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_long_is_not_the_clients_fault() {
    let short = ["--header-timeout=1s", "--body-timeout=1s", "--keep-alive-timeout=1s", "--write-timeout=1s"];
    let app = TestApp::with(&short).await;
    app.database.operator.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    let mut patient = Raw::connect(app.address).await;
    let login = "mutation { login(input: { identifier: \"ada\", password: \"a guess\" }) { __typename } }";
    // The next request has begun already, and is not late either.
    patient.send(&(post(&json!({ "query": login }).to_string()) + &post(TYPENAME)[..9])).await;
    until("the login is in flight", async || app.database.count(BLOCKED).await > 0).await;
    assert_eq!(Raw::connect(app.address).await.end().await, "", "all times are over");
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    assert_eq!(patient.answer().await.json()["data"]["login"]["__typename"], "InvalidCredentials");
    patient.send(&post(TYPENAME)[9..]).await;
    assert_eq!(patient.answer().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_closed_after_its_last_request() {
    let app = TestApp::with(&["--keep-alive-requests=2"]).await;
    let mut raw = Raw::connect(app.address).await;
    raw.send(&post(TYPENAME).repeat(3)).await;
    assert_eq!(raw.answer().await.header("connection"), None);
    assert_eq!(raw.answer().await.header("connection"), Some("close"));
    assert_eq!(raw.end().await, "", "the third is not answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_slow_connections_hold_nobody_up() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut raw = Raw::connect(app.address).await;
        match number % 3 {
            0 => raw.send(HALF_A_HEAD).await,
            1 => raw.send(&head(1000)).await,
            _ => {}
        }
        slow.push(raw);
        if number % 20 == 0 {
            assert_eq!(ada.is_signed_in().await, Ok(()));
            assert_eq!(readiness(&app).await, 200);
        }
    }
    assert_eq!(ada.is_signed_in().await, Ok(()));
    assert_eq!(readiness(&app).await, 200);
    app.anonymous().login("ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_can_not_take_all_places() {
    let app = TestApp::with(&["--max-connections-per-network=20", "--header-timeout=1m"]).await;
    let ada = app.registered("ada@example.com").await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        slow.push(Raw::from("127.0.0.2", app.address).await);
    }
    for _ in 0..200 {
        let mut refused = Raw::from("127.0.0.2", app.address).await;
        let answer = refused.answer().await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("5")));
        assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "SERVER_BUSY");
        assert_eq!(refused.end().await, "");
    }
    assert_eq!(ada.is_signed_in().await, Ok(()));
    assert_eq!(readiness(&app).await, 200);
    slow.pop();
    let served = async || {
        let mut raw = Raw::from("127.0.0.2", app.address).await;
        raw.send(&post(TYPENAME)).await;
        raw.answer().await.status == 200
    };
    until("a place that is given back is taken", served).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_has_no_bound_of_its_own() {
    let app = TestApp::with(&["--max-connections-per-network=2", "--trusted-proxies=127.0.0.2"]).await;
    let mut all = Vec::new();
    for _ in 0..20 {
        let mut raw = Raw::from("127.0.0.2", app.address).await;
        raw.send(&post(TYPENAME)).await;
        assert_eq!(raw.answer().await.status, 200);
        all.push(raw);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_last_place_the_answer_is_503_at_once() {
    let app = TestApp::with(&["--max-connections=5", "--header-timeout=1m", "--trusted-proxies=127.0.0.9"]).await;
    let mut open = Vec::new();
    for number in 0..5 {
        open.push(Raw::from(&format!("127.0.0.{}", number + 2), app.address).await);
    }
    let mut refused = Raw::connect(app.address).await;
    let answer = refused.answer().await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "SERVER_BUSY");
    assert_eq!(refused.end().await, "");
    let mut proxy = Raw::from("127.0.0.9", app.address).await;
    proxy.send(&post(TYPENAME)).await;
    assert_eq!(proxy.answer().await.status, 200, "a trusted proxy, and its health checks, find a place");
    drop(proxy);
    open.pop();
    until("a place that is given back is taken", async || readiness(&app).await == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_give_their_place_back() {
    let app = TestApp::with(&["--write-timeout=200ms", "--max-connections=1", "--graphiql=on"]).await;
    for requests in [post(TYPENAME).repeat(5000), "GET /graphiql/graphiql.js HTTP/1.1\r\nhost: x\r\n\r\n".repeat(3)] {
        let mut greedy = Raw::connect(app.address).await;
        // The server may stop reading before it has all of them, or close.
        let mut write = std::pin::pin!(async {
            use tokio::io::AsyncWriteExt;
            let _ = greedy.stream.write_all(requests.as_bytes()).await;
            std::future::pending::<()>().await;
        });
        let free = until("its place is free", async || readiness(&app).await == 200);
        tokio::select! {
            () = &mut write => {}
            () = free => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_read_slowly_is_read_to_its_end() {
    let app = TestApp::with(&["--keep-alive-timeout=1s", "--header-timeout=1s", "--graphiql=on"]).await;
    let mut slow = Raw::connect(app.address).await;
    slow.send("GET /graphiql/graphiql.js HTTP/1.1\r\nhost: x\r\n\r\n").await;
    for part in 1..=2 {
        slow.read_up_to(part * 250_000).await;
        let mut idle = Raw::connect(app.address).await;
        idle.send(&post(TYPENAME)).await;
        assert_eq!(idle.answer().await.status, 200);
        assert_eq!(idle.end().await, "", "the time of an idle connection is over");
    }
    let answer = slow.answer().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/endpoints/graphiql/dist/graphiql.js");
    let length = std::fs::metadata(script).expect("the script").len().to_string();
    assert_eq!((answer.status, answer.header("content-length")), (200, Some(length.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_revocations_that_nobody_reads_gives_its_place_back() {
    let app = TestApp::with(&["--write-timeout=200ms", "--max-connections=1"]).await;
    let (_, key) =
        service_keys::create(&app.console(&[]).operator(), "a test").await.expect("a database").expect("a name");
    let many = "INSERT INTO revocations (session_id) SELECT gen_random_uuid() FROM generate_series(1, 10000)";
    app.database.execute(many).await;
    let mut deaf = Raw::connect(app.address).await;
    let key = key.expose();
    deaf.send(&format!("GET /revocations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n")).await;
    assert_eq!(deaf.answer().await.status, 200);
    until("its place is free", async || readiness(&app).await == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_large_or_many_are_answered_with_431() {
    let app = TestApp::with(&["--max-header-bytes=8192", "--max-headers=20"]).await;
    let with = |headers: String| post(TYPENAME).replace("host: x\r\n", &format!("host: x\r\n{headers}"));
    let many = |number: usize| (0..number).map(|number| format!("x-{number}: x\r\n")).collect::<String>();
    for (headers, expected) in [
        (many(17), "200"),
        (many(18), "431"),
        (format!("x: {}\r\n", "x".repeat(7000)), "200"),
        (format!("x: {}\r\n", "x".repeat(9000)), "431"),
        (format!("x: {}\r\n", "x".repeat(100_000)), "431"),
        (format!("{}: x\r\n", "x".repeat(9000)), "431"),
    ] {
        let mut raw = Raw::connect(app.address).await;
        raw.send(&with(headers.clone())).await;
        assert_eq!(raw.answer().await.status.to_string(), expected, "{headers:.30}");
    }
    let mut long = Raw::connect(app.address).await;
    long.send(&post(TYPENAME).replace("/graphql", &format!("/{}", "x".repeat(9000)))).await;
    assert_eq!(long.answer().await.status, 431);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_megabytes_too_much_is_still_told() {
    let app = TestApp::start().await;
    let much = "x".repeat(8_000_000);
    for (request, expected) in [(format!("{HALF_A_HEAD}x: {much}\r\n\r\n"), 431), (post(&much), 413)] {
        let mut raw = Raw::connect(app.address).await;
        raw.send(&request).await;
        assert_eq!(raw.answer().await.status, expected);
        assert_eq!(raw.end().await, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_halves_of_requests() {
    let long = ["--shutdown-grace=10m", "--header-timeout=1m", "--body-timeout=10m"];
    let app = TestApp::with(&long).await;
    let mut half_a_head = Raw::connect(app.address).await;
    half_a_head.send(HALF_A_HEAD).await;
    let mut half_a_body = Raw::connect(app.address).await;
    half_a_body.send(&post(TYPENAME).replace("content-length: ", "content-length: 1")).await;
    let mut arriving = Raw::connect(app.address).await;
    arriving.send(&head(TYPENAME.len())).await;
    arriving.send(&TYPENAME[..5]).await;
    let mut idle = Raw::connect(app.address).await;
    idle.send(&post(TYPENAME)).await;
    assert_eq!(idle.answer().await.status, 200, "the requests before have been read as well");

    app.stop.send(()).expect("a server to stop");
    arriving.send(&TYPENAME[5..]).await;
    assert_eq!(arriving.answer().await.status, 200);
    let answer = half_a_body.answer().await;
    assert_eq!(answer.status, 503);
    let error = &answer.json()["errors"][0];
    assert_eq!(
        (&error["extensions"]["code"], &error["message"]),
        (&"SERVICE_UNAVAILABLE".into(), &"The server is stopping.".into())
    );
    assert_eq!(half_a_head.end().await, "");
    assert_eq!(idle.end().await, "");
    let ended = tokio::time::timeout(std::time::Duration::from_secs(30), app.server).await;
    ended.expect("an end in time").expect("a server").expect("a good end");
}
