//! GraphiQL at `/`. Its assets are in the binary. The folder `graphiql/` has them and their source.

use std::borrow::Cow;

use poem::http::{HeaderValue, header};
use poem::{Body, Endpoint, Request, Response};

use super::issuer_path;
use super::routes::Routes;

/// Everything comes from this server, and nothing is inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page. It names its assets relative to itself, `"./graphiql/...`.
const PAGE: &str = include_str!("graphiql/index.html");

/// The assets.
const ASSETS: [(&str, &str, &[u8]); 3] = [
    ("/graphiql/graphiql.js", "text/javascript; charset=utf-8", include_bytes!("graphiql/dist/graphiql.js")),
    ("/graphiql/graphiql.css", "text/css; charset=utf-8", include_bytes!("graphiql/dist/graphiql.css")),
    (
        "/graphiql/THIRD-PARTY-LICENSES.txt",
        "text/plain; charset=utf-8",
        include_bytes!("graphiql/dist/THIRD-PARTY-LICENSES.txt"),
    ),
];

/// Adds the page and its assets.
///
/// If the issuer has a path, a proxy removes that path before the server sees it. The address of the page may then
/// end without a slash, and relative names would lead beside the path, so the page names the path. The assets are
/// found under the path as well, for those who open the page without the proxy.
pub(crate) fn add(mut routes: Routes, issuer: &str) -> Routes {
    let (prefix, literal) = (issuer_path::of(issuer), issuer_path::literal(issuer));
    let page = match &prefix {
        None => PAGE.to_owned(),
        Some(prefix) => PAGE.replace("\"./graphiql/", &format!("\"{}/graphiql/", prefix.replace('&', "&amp;"))),
    };
    routes = routes.at("/", Asset { content_type: "text/html; charset=utf-8", content: Cow::Owned(page.into_bytes()) });
    for (path, content_type, bytes) in ASSETS {
        routes = routes.at(path, Asset { content_type, content: Cow::Borrowed(bytes) });
        if let Some(prefix) = &literal {
            let asset = Asset { content_type, content: Cow::Borrowed(bytes) };
            routes = routes.also_at(&format!("{prefix}{path}"), path, asset);
        }
    }
    routes
}

struct Asset {
    content_type: &'static str,
    content: Cow<'static, [u8]>,
}

impl Endpoint for Asset {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let body = match &self.content {
            Cow::Borrowed(bytes) => Body::from(*bytes),
            Cow::Owned(bytes) => Body::from(bytes.clone()),
        };
        let mut response = Response::builder().content_type(self.content_type).body(body);
        let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        Ok(response)
    }
}
