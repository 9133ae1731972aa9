//! Mails in the outbox, for tests of what becomes of them.

use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use super::app::SECRET;
use super::sealed_mail::{Written, write};

/// The token in the link of each mail.
pub(crate) const LINK: &str = "pcl_Vd83hJQ2ksuY7Qe0bXn4mZp1cRt9wLa5oGi6kEs8fTh";

/// The code in each mail.
pub(crate) const CODE: &str = "40718263";

/// A mail that resets a password.
pub(crate) async fn post(database: &Client, recipient: &str) -> Uuid {
    post_with(database, "reset_password", recipient, &content("ada")).await
}

/// A mail that tells this.
pub(crate) async fn post_with(database: &Client, kind: &str, recipient: &str, content: &Value) -> Uuid {
    write(database, SECRET, &Written { kind, recipient, content, at: "2026-01-01T00:00:00Z" }).await
}

/// A mail that resets a password, for a server whose clock is the system's.
pub(crate) async fn post_now(database: &Client, recipient: &str) -> Uuid {
    let content = content("ada");
    write(database, SECRET, &Written { kind: "reset_password", recipient, content: &content, at: "now" }).await
}

/// All that a mail can tell. `typed` stands wherever somebody types something.
pub(crate) fn content(typed: &str) -> Value {
    json!({
        "link": LINK,
        "link_expires_at": "2099-01-01T01:00:00Z",
        "code": CODE,
        "code_expires_at": "2026-01-01T00:10:00Z",
        "username": typed,
        "new_email": typed,
        "device": { "user_agent": typed, "ip_address": "192.0.2.1", "at": "2026-01-01T00:00:00Z" },
    })
}
