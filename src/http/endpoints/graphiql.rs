//! GraphiQL at `/`. Its assets are in the binary. The folder `graphiql/` has them and their source.

use poem::http::{HeaderValue, header};
use poem::{Body, Endpoint, Request, Response};

use super::issuer_path;
use crate::http::routes::Routes;

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
/// If the issuer has a path, a proxy removes that path before the server sees it, or an application has nested the routes
/// below it. The address of the page may then end without a slash, and relative names would lead beside the path, so the
/// page names the path. The assets are found under the path as well, for those who open the page without the proxy.
pub(crate) fn add(mut routes: Routes, issuer: &str) -> Routes {
    routes = routes.at("/", Page { prefix: issuer_path::of(issuer) });
    let literal = issuer_path::literal(issuer);
    for (path, content_type, bytes) in ASSETS {
        let asset = || Asset { content_type, bytes };
        routes = routes.at(path, asset());
        if let Some(prefix) = &literal {
            routes = routes.also_at(&format!("{prefix}{path}"), path, asset());
        }
    }
    routes
}

struct Page {
    prefix: Option<String>,
}

impl Endpoint for Page {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        // An application may have nested the routes below a path that the issuer does not have.
        let nested = Some(request.original_uri().path()).filter(|path| !path.ends_with('/'));
        let page = match self.prefix.as_deref().or(nested) {
            None => PAGE.to_owned(),
            Some(prefix) => PAGE.replace("\"./graphiql/", &format!("\"{}/graphiql/", escaped(prefix))),
        };
        Ok(response("text/html; charset=utf-8", page.into()))
    }
}

/// For an attribute in double quotes.
fn escaped(path: &str) -> String {
    path.replace('&', "&amp;").replace('"', "&quot;")
}

struct Asset {
    content_type: &'static str,
    bytes: &'static [u8],
}

impl Endpoint for Asset {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        Ok(response(self.content_type, self.bytes.into()))
    }
}

fn response(content_type: &str, body: Body) -> Response {
    let mut response = Response::builder().content_type(content_type).body(body);
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
