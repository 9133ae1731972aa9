//! Every route, and the methods that it answers.

use portcullis::http::ROUTES;
use reqwest::{Method, StatusCode};

use crate::support::TestApp;
use crate::support::raw::Raw;

const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get"];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_route_does_not_answer_is_405_with_what_it_does() {
    let related = "--webauthn-origins=http://localhost:8080,https://app.example.com";
    let cors = ["--cookies=on", "--allowed-origins=https://app.example.com"];
    let app = TestApp::with(&[["--graphiql=on", related].as_slice(), &cors].concat()).await;
    let http = app.anonymous().http;
    for (path, allow) in ROUTES {
        for name in METHODS {
            let method = Method::from_bytes(name.as_bytes()).expect("a method");
            for suffix in ["", "?query=%7B__typename%7D"] {
                let request = http.request(method.clone(), app.url(&format!("{path}{suffix}")));
                let answer = request.header("origin", "https://app.example.com").send().await.expect("an answer");
                let told = answer.headers().get_all("allow").iter().map(|value| value.to_str().expect("text"));
                let told = told.collect::<Vec<_>>().join(", ");
                if allow.split(", ").any(|allowed| allowed == name) {
                    assert_ne!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{name} {path}");
                    assert_eq!(told, "", "{name} {path}");
                } else {
                    assert_eq!((answer.status(), &*told), (StatusCode::METHOD_NOT_ALLOWED, allow), "{name} {path}");
                    assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{name} {path}");
                    let body = answer.text().await.expect("text");
                    assert!(body.contains("BAD_USER_INPUT") || name == "HEAD", "{name} {path}: {body}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_none_of_ours_is_not_found_whatever_the_method() {
    let app = TestApp::with(&["--graphiql=off"]).await;
    for path in ["/", "/graphiql/graphiql.js", "/nowhere", "/graphql/", "//graphql", "/GraphQL", "*"] {
        for method in METHODS {
            let mut connection = Raw::connect(app.address).await;
            connection.send(&format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")).await;
            let answer = connection.head().await;
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    }
}
