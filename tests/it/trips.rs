//! Round trips to PostgreSQL for each operation: the budget of the design.

use std::time::Duration;

use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::flows::kind;
use crate::support::proxy::Proxy;
use crate::support::{PASSWORD, TestApp, until};

const STARTED: &str = "EmailFlowStarted";

/// The trips that `operation` takes on a connection whose statements are prepared.
pub(crate) async fn trips(proxy: &Proxy, mut operation: impl AsyncFnMut(usize)) -> usize {
    operation(0).await;
    let before = proxy.trips();
    operation(1).await;
    proxy.trips() - before
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_keep_to_their_budget_of_round_trips() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1"]).await;
    let anonymous = app.anonymous();

    let register = trips(&proxy, async |round| {
        anonymous.try_register(json!({ "email": format!("{round}@example.com"), "password": PASSWORD })).await;
    });
    assert_eq!(register.await, 2, "register");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 2);

    let login = trips(&proxy, async |_| {
        anonymous.login("0@example.com").await;
    });
    assert_eq!(login.await, 2, "login");

    let client = anonymous.login("0@example.com").await;
    let me = trips(&proxy, async |_| assert_eq!(client.is_signed_in().await, Ok(())));
    assert_eq!(me.await, 0, "me, once the session is known");

    let new = [anonymous.login("0@example.com").await, anonymous.login("0@example.com").await];
    let first = trips(&proxy, async |round| assert_eq!(new[round].is_signed_in().await, Ok(())));
    assert_eq!(first.await, 1, "me, the first time");

    let mut refreshed = anonymous.login("0@example.com").await;
    let before = {
        refreshed = refreshed.refresh().await;
        proxy.trips()
    };
    let next = refreshed.refresh().await;
    assert_eq!(proxy.trips() - before, 1, "refresh");
    next.refresh().await;
    let other = anonymous.login("0@example.com").await;
    other.refresh().await.refresh().await;
    let stolen = [&refreshed, &other];
    let reused = trips(&proxy, async |round| {
        assert_eq!(anonymous.try_refresh(stolen[round].refresh_token()).await["reason"], "REUSED");
    });
    assert_eq!(reused.await, 2, "refresh with a token that was used again");

    let sessions = trips(&proxy, async |_| {
        let answer =
            client.send("{ me { a: sessions { nodes { id } } b: sessions(first: 1) { nodes { id } } } }", json!(null));
        assert!(answer.await["data"]["me"]["b"]["nodes"][0]["id"].is_string());
    });
    assert_eq!(sessions.await, 1, "two pages of sessions");

    let proven = trips(&proxy, async |_| {
        assert_eq!(crate::reauthenticate::prove(&client, PASSWORD).await["__typename"], "ReauthenticateSuccess");
    });
    assert_eq!(proven.await, 2, "reauthenticate");

    let many = trips(&proxy, async |_| {
        let answer = client.send("{ a: me { id } b: me { id } c: me { id } }", json!(null)).await;
        assert!(answer["data"]["c"]["id"].is_string(), "{answer}");
    });
    assert_eq!(many.await, 0, "three guarded fields");

    let public = trips(&proxy, async |_| {
        client.send("{ __typename }", json!(null)).await;
    });
    assert_eq!(public.await, 0, "no guarded field");

    // It is no link, but may be one.
    let link = trips(&proxy, async |_| {
        let query = "query($link: String!) { emailLink(link: $link) { email } }";
        let answer = client.send(query, json!({ "link": "pcl_x" })).await;
        assert_eq!(answer, json!({ "data": { "emailLink": null } }));
    });
    assert_eq!(link.await, 1, "a look at a link");

    let clients = [anonymous.login("0@example.com").await, client];
    let logout = trips(&proxy, async |round| assert!(clients[round].logout().await));
    assert_eq!(logout.await, 1, "logout");

    let unknown = trips(&proxy, async |_| {
        anonymous.try_login("nobody@example.com", PASSWORD).await;
    });
    let wrong = trips(&proxy, async |_| {
        anonymous.try_login("0@example.com", "wrong").await;
    });
    assert_eq!((unknown.await, wrong.await), (2, 2), "refused logins take as many for known and unknown accounts");
}

/// A refusal may take more, but a client that goes on asking must not make the database work for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn refused_refreshes_keep_to_their_budget() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let settings = ["--database-pool-size=1", "--rate-limits=on", "--limit-refresh=2/1h", "--session-ttl=1h"];
    let app = TestApp::on(database, &url, &settings).await;
    let anonymous = app.anonymous();
    let invalid = trips(&proxy, async |_| {
        assert_eq!(anonymous.try_refresh("rubbish").await["reason"], "INVALID");
    });
    assert_eq!(invalid.await, 0, "with no token of ours");

    let ended = app.registered("0@example.com").await;
    assert!(ended.logout().await);
    let revoked = trips(&proxy, async |_| {
        assert_eq!(anonymous.try_refresh(ended.refresh_token()).await["reason"], "REVOKED");
    });
    assert_eq!(revoked.await, 2, "of an ended session");

    let ada = anonymous.login("0@example.com").await.refresh().await.refresh().await;
    let limited = trips(&proxy, async |_| {
        assert_eq!(anonymous.try_refresh(ada.refresh_token()).await["__typename"], "RateLimited");
    });
    assert_eq!(limited.await, 2, "of a session that was refreshed too often, once its event is recorded");

    app.clock.advance(Duration::from_secs(3600));
    let expired = trips(&proxy, async |_| {
        assert_eq!(anonymous.try_refresh(ada.refresh_token()).await["reason"], "EXPIRED");
    });
    assert_eq!(expired.await, 2, "of a session that has expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_proven_by_mail_keeps_to_its_budget() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1", "--email-verification=required"]).await;
    let anonymous = app.anonymous();
    let register = trips(&proxy, async |round| {
        let input = json!({ "email": format!("{round}@example.com"), "password": PASSWORD });
        assert_eq!(anonymous.try_register(input).await["data"]["register"]["__typename"], "RegistrationPending");
    });
    assert_eq!(register.await, 2, "register");
    let links = [app.mail_to("0@example.com").await.link(), app.mail_to("1@example.com").await.link()];
    let confirm = trips(&proxy, async |round| {
        let document = "mutation($l: String!) { confirmRegistration(input: { proof: { link: $l } }) { __typename } }";
        let answer = anonymous.send(document, json!({ "l": links[round] })).await;
        assert_eq!(answer["data"]["confirmRegistration"]["__typename"], "RegisterSuccess", "{answer}");
    });
    assert_eq!(confirm.await, 2, "confirmRegistration");

    // What the last two mails to that address brought, which are of one kind.
    let brought = async || {
        let mails = app.mails_to("0@example.com").await;
        mails.iter().take(2).map(|mail| mail.by_link()).collect::<Vec<_>>()
    };
    let mut links = Vec::new();
    for (email, whose) in [("nobody@example.com", "an unknown address"), ("0@example.com", "a known one")] {
        let reset = trips(&proxy, async |_| assert_eq!(kind(&anonymous.start_password_reset(email).await), STARTED));
        assert_eq!(reset.await, 2, "startPasswordReset of {whose}");
        links.push(brought().await);
        let sign_in = trips(&proxy, async |_| assert_eq!(kind(&anonymous.start_email_sign_in(email).await), STARTED));
        assert_eq!(sign_in.await, 2, "startEmailSignIn of {whose}");
        links.push(brought().await);
    }
    let (resets, sign_ins) = (&links[2], &links[3]);
    let ada = anonymous.login("0@example.com").await;
    assert_eq!(ada.is_signed_in().await, Ok(()));
    let verification = trips(&proxy, async |_| assert_eq!(kind(&ada.start_email_verification().await), STARTED));
    assert_eq!(verification.await, 2, "startEmailVerification");
    let links = brought().await;
    let confirm = trips(&proxy, async |round| {
        assert_eq!(kind(&anonymous.confirm_email(links[round].clone()).await), "ConfirmEmailSuccess");
    });
    assert_eq!(confirm.await, 2, "confirmEmail");
    let sign_in = trips(&proxy, async |round| {
        assert_eq!(kind(&anonymous.sign_in_with_email(sign_ins[round].clone()).await), "LoginSuccess");
    });
    assert_eq!(sign_in.await, 2, "signInWithEmail");
    // The first ends the flow of the second.
    let document = "mutation($l: String!) { completePasswordReset(input: { proof: { link: $l }, newPassword: \"a horse of another colour\" }) \
        { __typename } }";
    let reset = trips(&proxy, async |round| {
        anonymous.start_password_reset("1@example.com").await;
        let link = if round == 0 {
            resets[0]["link"].as_str().expect("a link").to_owned()
        } else {
            app.mail_to("1@example.com").await.link()
        };
        let before = proxy.trips();
        let answer = anonymous.send(document, json!({ "l": link })).await;
        assert_eq!(answer["data"]["completePasswordReset"]["__typename"], "CompletePasswordResetSuccess", "{answer}");
        assert!(round == 0 || proxy.trips() - before == 2, "completePasswordReset");
    });
    reset.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_an_address_keep_to_their_budget() {
    use crate::email_change::{complete, start};

    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1"]).await;
    let (anonymous, ada) = (app.anonymous(), app.registered("0@example.com").await);
    assert_eq!(ada.is_signed_in().await, Ok(()));
    app.registered("taken@example.com").await;
    let free = trips(&proxy, async |round| {
        assert_eq!(start(&ada, &format!("{round}@example.org")).await["__typename"], "EmailFlowStarted");
    });
    let taken = trips(&proxy, async |_| {
        assert_eq!(start(&ada, "taken@example.com").await["__typename"], "EmailFlowStarted");
    });
    assert_eq!((free.await, taken.await), (2, 2), "startEmailChange, of an address that is free or taken");

    let (mut links, mut completed) = (Vec::new(), 0);
    for new in ["1@example.com", "2@example.com"] {
        // The first change ends the session's place in memory.
        assert_eq!(ada.is_signed_in().await, Ok(()));
        start(&ada, new).await;
        links.push(app.mail_to(new).await.link());
        let before = proxy.trips();
        let answer = complete(&anonymous, json!({ "link": links.last() })).await;
        assert_eq!(answer["__typename"], "CompleteEmailChangeSuccess", "{answer}");
        completed = proxy.trips() - before;
    }
    assert_eq!(completed, 2, "completeEmailChange");

    let reverts = [app.mail_to("1@example.com").await.link(), app.mail_to("0@example.com").await.link()];
    let reverted = trips(&proxy, async |round| {
        let query = "mutation($input: FlowTokenInput!) { revertEmailChange(input: $input) { __typename } }";
        let answer = anonymous.send(query, json!({ "input": { "flow": reverts[round] } })).await;
        assert_eq!(answer["data"]["revertEmailChange"]["__typename"], "RevertEmailChangeSuccess", "{answer}");
    });
    assert_eq!(reverted.await, 2, "revertEmailChange");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_keep_nobody_waiting_for_a_round_trip() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1", "--rate-limits=on"]).await;
    let anonymous = app.anonymous();
    let register = trips(&proxy, async |round| {
        anonymous.try_register(json!({ "email": format!("{round}@example.com"), "password": PASSWORD })).await;
    });
    assert_eq!(register.await, 2, "register");
    let held = "SELECT count(*) FROM limits WHERE held + held_before > 0";
    let mut client = None;
    let login = trips(&proxy, async |_| {
        client = Some(anonymous.login("0@example.com").await);
        until("what was taken is given back", async || app.database.count(held).await == 0).await;
    });
    assert_eq!(login.await, 3, "login: two, and one after its answer, for what was taken");
    let mut client = client.expect("a login");
    let refresh = trips(&proxy, async |_| client = client.refresh().await);
    assert_eq!(refresh.await, 1, "refresh");
    let refused = trips(&proxy, async |round| {
        anonymous.try_login(["0@example.com", "nobody@example.com"][round], "wrong").await;
    });
    assert_eq!(refused.await, 2, "a refused login");
}
