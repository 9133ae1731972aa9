//! What the database keeps.

use serde_json::json;

use super::{ADA, NEW};
use crate::support::flows::kind;
use crate::support::{Client, TestApp};

/// The texts of all rows of all tables.
async fn rows(app: &TestApp) -> String {
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema";
    let mut text = String::new();
    for table in app.database.operator.query(tables, &[]).await.expect("tables") {
        let query = format!("SELECT t::text FROM {} t", table.get::<_, String>(0));
        for row in app.database.operator.query(&query, &[]).await.expect("rows") {
            text += &format!("{}\n", row.get::<_, String>(0));
        }
    }
    text
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_has_a_token_a_link_or_a_code() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let mut secrets = Vec::new();
    let clients: [(&str, &Client); 3] = [("reset", &app.anonymous()), ("sign-in", &app.anonymous()), ("verify", &ada)];
    for (what, client) in clients {
        let started = match what {
            "reset" => client.start_password_reset(ADA).await,
            "sign-in" => client.start_email_sign_in(ADA).await,
            _ => client.start_email_verification().await,
        };
        let before = rows(&app).await;
        let mail = app.mail_to(ADA).await;
        let digits: String = mail.code().chars().filter(char::is_ascii_digit).collect();
        secrets.extend([started["flow"].as_str().expect("a token").to_owned(), mail.link(), digits]);
        for text in [before, rows(&app).await] {
            for secret in &secrets {
                let bare = secret.trim_start_matches("pcl_").trim_start_matches("pcf_");
                assert!(!text.contains(bare) && !text.contains(&hex(bare)), "{what}: {secret} stands in a table");
            }
        }
    }
    assert_eq!(secrets.len(), 9);
    let link = json!({ "link": secrets[1] });
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, NEW).await), "CompletePasswordResetSuccess");
    assert!(!rows(&app).await.contains(NEW));
    let kept =
        "SELECT count(*) FROM flows WHERE consumed_at IS NOT NULL AND (code_mac IS NOT NULL OR data IS NOT NULL)";
    assert_eq!(app.database.count(kept).await, 0);
}
