//! Nothing that somebody typed ends a header, or begins another.

use portcullis::mail::Kind;
use serde_json::json;
use strum::VariantArray;

use super::servers::MailServer;
use super::smtp::{app, send, state};
use crate::support::PASSWORD;
use crate::support::outbox::{content, post_with};

const ODD: [&str; 6] = [
    "ada\r\nBcc: eve@example.com\r\n\r\n<h1>Hello</h1>",
    "ada\nBcc: eve@example.com",
    "ada\rBcc: eve@example.com",
    "ada\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\n",
    "=?utf-8?q?ada=0D=0ABcc:_eve@example.com?=",
    "ada\u{85}Bcc: eve@example.com\u{2028}Bcc: eve@example.com\0\u{b}\u{c}",
];

const HEADERS: [&str; 8] =
    ["message-id", "date", "from", "to", "subject", "auto-submitted", "mime-version", "content-type"];

#[tokio::test(flavor = "multi_thread")]
async fn no_mail_of_any_kind_has_a_header_that_a_field_brought_along() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    for odd in ODD {
        for kind in Kind::VARIANTS {
            let mail = post_with(&app.database.operator, kind.as_str(), "ada@example.com", &content(odd)).await;
            assert_eq!(send(&app).await, 1, "{odd:?} {kind}: {:?}", state(&app, mail).await);
            let mail = server.accepted().await;
            assert_eq!((mail.to(), mail.0["to"].as_array().map(Vec::len)), ("ada@example.com", Some(1)));
            let raw = mail.0["raw"].as_str().expect("a mail");
            let head = raw.split("\r\n\r\n").next().expect("headers");
            let names: Vec<_> = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).collect();
            for name in &names {
                let name = name.split(':').next().expect("a name").to_ascii_lowercase();
                assert!(HEADERS.contains(&name.as_str()), "{odd:?} {kind}: {head}");
            }
            assert_eq!(names.len(), HEADERS.len(), "{odd:?} {kind}: {head}");
            assert!(raw.replace("\r\n", "").find(['\r', '\n']).is_none(), "no line ends in another way");
        }
    }
    assert!(server.rest().await.is_empty(), "one mail each");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_is_one_address() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    for odd in [
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com>\r\nRCPT TO:<eve@example.com",
        "ada@example.com, eve@example.com",
        "ada@example.com> SIZE=1 <eve@example.com",
        "<ada@example.com>",
        "Ada <ada@example.com>",
        "@eve.example.com:ada@example.com",
        "ada@example.com\0",
    ] {
        let input = json!({ "email": odd, "password": PASSWORD });
        assert_eq!(app.anonymous().try_register(input).await["data"]["register"]["__typename"], "InvalidInput");
        if odd.contains('\0') {
            continue;
        }
        // Written past every check.
        let mail = post_with(&app.database.operator, "sign_in", odd, &content("ada")).await;
        assert_eq!(send(&app).await, 0);
        let (state, error) = state(&app, mail).await;
        assert!(state == "failed" && error.contains("not an address"), "{odd:?}: {state}, {error}");
    }
    assert!(server.rest().await.is_empty());
}
