//! The server's own page behind links in mails, at `/confirm`. It is in the binary. The folder `confirm/` has its source.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use poem::{Endpoint, Request, Response};

use super::issuer_path;
use super::page::{Asset, SCRIPT, STYLE, page};
use crate::http::routes::Routes;

/// Everything comes from this server, and nothing is inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

macro_rules! documents {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("confirm/documents/", $name, ".graphql")))),*]
    };
}

/// The documents that the page sends. Where only registered documents are answered, they are registered with those of the
/// operator.
pub(crate) const DOCUMENTS: [(&str, &str); 9] = documents![
    "EmailLink",
    "ConfirmRegistration",
    "ConfirmEmail",
    "SignInWithEmail",
    "CompleteSignIn",
    "CompletePasswordReset",
    "CompleteEmailChange",
    "RevertEmailChange",
    "Logout",
];

/// The script of the page, with the documents.
static JAVASCRIPT: LazyLock<String> = LazyLock::new(|| {
    let documents = serde_json::to_string(&BTreeMap::from(DOCUMENTS)).unwrap_or_default();
    let parts = [
        include_str!("confirm/words.js"),
        include_str!("confirm/device.js"),
        include_str!("confirm/factor.js"),
        include_str!("confirm/confirm.js"),
    ];
    format!("const documents = {documents};\n{}", parts.concat())
});

/// Adds the page and its assets.
///
/// If the issuer has a path, they are found below it as well, for those who open a link without the proxy that removes the
/// path.
pub(crate) fn add(routes: Routes, issuer: &str) -> Routes {
    let literal = issuer_path::literal(issuer);
    let prefixes = [Some(String::new()), literal];
    prefixes.into_iter().flatten().fold(routes, |routes, prefix| {
        let at = |path: &str| format!("{prefix}{path}");
        let script = Asset { content_type: SCRIPT, bytes: JAVASCRIPT.as_bytes() };
        let style = Asset { content_type: STYLE, bytes: include_bytes!("confirm/confirm.css") };
        routes
            .also_at(&at("/confirm"), "/confirm", Page)
            .also_at(&at("/confirm/confirm.js"), "/confirm/confirm.js", script)
            .also_at(&at("/confirm/confirm.css"), "/confirm/confirm.css", style)
    })
}

struct Page;

impl Endpoint for Page {
    type Output = Response;

    /// The answer is the same for everybody. The link stands in the fragment, which no browser sends.
    async fn call(&self, _: Request) -> poem::Result<Response> {
        Ok(page(CONTENT_SECURITY_POLICY, include_str!("confirm/index.html").into()))
    }
}
