//! GraphiQL at `/`, from assets inside the binary; `graphiql/` holds them and what they are built from.

use poem::http::{HeaderValue, header};
use poem::{Endpoint, IntoResponse, Request, Response, Route, get};

/// Everything from this server, nothing inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Asset {
    content_type: &'static str,
    bytes: &'static [u8],
}

/// Adds the page and what it loads.
pub(super) fn add(routes: Route) -> Route {
    let page = Asset { content_type: "text/html; charset=utf-8", bytes: include_bytes!("graphiql/index.html") };
    let script =
        Asset { content_type: "text/javascript; charset=utf-8", bytes: include_bytes!("graphiql/dist/graphiql.js") };
    let style = Asset { content_type: "text/css; charset=utf-8", bytes: include_bytes!("graphiql/dist/graphiql.css") };
    let licenses = Asset {
        content_type: "text/plain; charset=utf-8",
        bytes: include_bytes!("graphiql/dist/THIRD-PARTY-LICENSES.txt"),
    };
    routes
        .at("/", get(page))
        .at("/graphiql/graphiql.js", get(script))
        .at("/graphiql/graphiql.css", get(style))
        .at("/graphiql/THIRD-PARTY-LICENSES.txt", get(licenses))
}

impl Endpoint for Asset {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let mut response = self.bytes.with_content_type(self.content_type).into_response();
        let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        Ok(response)
    }
}
