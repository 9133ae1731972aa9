//! The GraphiQL page and its assets.

use reqwest::StatusCode;

use crate::support::TestApp;

async fn text(app: &TestApp, path: &str) -> (StatusCode, String) {
    let response = app.anonymous().http.get(app.url(path)).send().await.expect("an answer");
    (response.status(), response.text().await.expect("text"))
}

/// The assets of the page, by the names that it uses.
fn loaded(page: &str) -> Vec<&str> {
    let attributes = page.split(['"']).collect::<Vec<_>>();
    let pairs = attributes.chunks_exact(2).filter(|pair| pair[0].ends_with(" src=") || pair[0].ends_with(" href="));
    pairs.map(|pair| pair[1]).filter(|url| !url.starts_with("data:")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn graphiql_is_served_from_the_binary_or_not_at_all() {
    let app = TestApp::with(&["--graphiql=on"]).await;
    let page = app.anonymous().http.get(app.url("/")).send().await.expect("an answer");
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let page = page.text().await.expect("text");
    assert_eq!(loaded(&page), ["./graphiql/graphiql.css", "./graphiql/graphiql.js"]);
    for path in ["/graphiql/graphiql.js", "/graphiql/graphiql.css"] {
        assert_eq!(text(&app, path).await.0, StatusCode::OK, "{path}");
    }
    let (_, script) = text(&app, "/graphiql/graphiql.js").await;
    assert!(script.contains("location.pathname") && !script.contains("\"/graphql\""), "it asks beside the page");
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http") && !page.contains("\"//"), "{page}");
    let app = TestApp::with(&["--graphiql=off"]).await;
    assert_eq!(text(&app, "/").await.0, StatusCode::NOT_FOUND);
}

/// A proxy takes the prefix away, so the page must name it: its own address may end without a slash, and then relative names lead
/// beside it. Whoever asks the server itself, past the proxy, gets what the page names as well.
#[tokio::test(flavor = "multi_thread")]
async fn behind_the_issuers_path_the_page_names_what_it_loads_by_that_path() {
    for (issuer, prefix) in [
        ("https://example.com/auth", "/auth"),
        ("https://example.com/auth/", "/auth"),
        ("https://example.com/a/b-c_d.~e", "/a/b-c_d.~e"),
        ("https://example.com/", "."),
        ("https://example.com//", "."),
        ("https://example.com/x/../auth", "/auth"),
    ] {
        let app = TestApp::with(&["--graphiql=on", "--issuer", issuer]).await;
        let (_, page) = text(&app, "/").await;
        let expected = ["graphiql.css", "graphiql.js"].map(|name| format!("{prefix}/graphiql/{name}"));
        assert_eq!(loaded(&page), expected, "{issuer}");
        for path in expected {
            let path = path.trim_start_matches('.');
            assert_eq!(text(&app, path).await.0, StatusCode::OK, "{issuer}: {path}");
            let post = app.anonymous().http.post(app.url(path)).send().await.expect("an answer");
            assert_eq!(post.headers()["allow"], "GET, HEAD", "{issuer}: {path}");
        }
        // As a browser sees it, on either address of the page, with a proxy that takes the prefix away.
        for address in [issuer.trim_end_matches('/').to_owned(), format!("{}/", issuer.trim_end_matches('/'))] {
            let address = reqwest::Url::parse(&address).expect("an address");
            for name in loaded(&page) {
                let url = address.join(name).expect("an address");
                assert_eq!(url.host(), address.host(), "{address} {name}");
                let path = url.path().strip_prefix(prefix.trim_start_matches('.')).expect("below the prefix");
                assert_eq!(text(&app, path).await.0, StatusCode::OK, "{address} {name}");
            }
        }
        // Nothing else is found there: a proxy that guards a path by its name would not know it.
        for path in ["/graphql", "/revocations", "/health/live", "/", "/graphiql/"] {
            let path = format!("{}{path}", if prefix == "." { "/auth" } else { prefix });
            assert_eq!(text(&app, &path).await.0, StatusCode::NOT_FOUND, "{issuer}: {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_issuers_path_leads_out_of_the_page() {
    for issuer in [
        "https://example.com//evil.example/x",
        "https://example.com/\\evil.example",
        "https://example.com/a\"><script src=x>",
        "https://example.com/a&quot;b'c`d",
        "https://example.com/:name/*rest/<[a-z]+>",
    ] {
        let app = TestApp::with(&["--graphiql=on", "--issuer", issuer]).await;
        let (status, page) = text(&app, "/").await;
        let loaded = loaded(&page);
        assert_eq!((status, loaded.len()), (StatusCode::OK, 2), "{issuer}: {page}");
        for url in loaded {
            assert!(
                url.starts_with('/') && !url.starts_with("//") && url.contains("/graphiql/graphiql."),
                "{issuer}: {url}"
            );
            assert!(!url.contains(['<', '>', '\\']) && !url.contains("&q"), "{issuer}: {url}");
        }
        assert_eq!(page.matches("<script").count(), 1, "{page}");
    }
}
