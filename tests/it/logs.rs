//! The log: a line a request, and no secret in it, nor in spans and metrics.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::flows::{code, kind};
use crate::support::process::{Server, run};
use crate::support::told::Telling;
use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_ever_logged_traced_or_measured() {
    let database = TestDatabase::new().await;
    let telling = Telling::start(&database.url, &[]).await;
    let (server, client) = (&telling.server, telling.server.client());
    let ada = client.register("ada@example.com").await;
    ada.me().await;
    client.try_login("ada@example.com", "a wrong password of mine").await;
    // In the document, where it does not belong; in a document that does not parse; in headers and paths.
    let inline = format!(
        "mutation {{ login(input: {{ identifier: \"ada@example.com\", password: \"{PASSWORD}\" }}) {{ __typename }} }}"
    );
    client.send(&inline, Value::Null).await;
    client.send(&format!("{inline} }}}}"), Value::Null).await;
    client.send("mutation($p: Int!) { x }", json!({ "p": PASSWORD })).await;
    client.with_token("a.forged.token-of-mine").me().await;
    let odd = json!({ "query": "{ __typename }", "operationName": format!("{PASSWORD}\ninjected=line") });
    client.post(odd.to_string()).send().await.expect("an answer");
    let path = format!("{}/{}", server.url, ada.refresh_token());
    client.http.get(path).send().await.expect("an answer");
    // In query strings: of queries that are answered, refused and not understood, and of other routes.
    for query_string in [
        "query={__typename}&variables={%22p%22:%22a+value+in+a+query+string%22}",
        "query={__typename}&operationName=a+value+in+a+query+string",
        "query={__typename}&variables=a+value+in+a+query+string",
        "query={me(id:%22a+value+in+a+query+string%22){id}}",
        "query=a+value+in+a+query+string%",
        "documentId=a+value+in+a+query+string",
        "query=mutation{login(input:{identifier:%22ada%22,password:%22a+value+in+a+query+string%22}){__typename}}",
        "a+value+in+a+query+string=a%20value%20in%20a%20query%20string",
    ] {
        for path in ["/graphql", "/health/live", "/nowhere"] {
            let url = format!("{}{path}?{query_string}", server.url);
            client.http.get(&url).send().await.expect("an answer");
            client.http.head(&url).send().await.expect("an answer");
        }
    }
    let second = ada.refresh().await;
    ada.try_refresh(&format!("{}x", ada.refresh_token())).await;
    let change = "mutation($new: String!) { changePassword(input: { currentPassword: \"a wrong guess of mine\", newPassword: $new }) \
        { __typename } }";
    second.send(change, json!({ "new": "a new password of mine" })).await;
    let (_, key, _) =
        run(&["service-keys", "create", "a test"], &[("DATABASE_URL", &database.url), ("PORTCULLIS_SECRET", SECRET)]);
    let key = key.trim().to_owned();
    let stream =
        client.http.get(format!("{}/revocations", server.url)).bearer_auth(&key).send().await.expect("an answer");
    assert_eq!(stream.status(), 200);
    drop(stream);
    let third = second.refresh().await;
    assert_eq!(client.try_refresh(ada.refresh_token()).await["reason"], "REUSED");
    ada.logout_with(third.refresh_token()).await;
    let hash: String = database.operator.query_one("SELECT hash FROM passwords", &[]).await.expect("a row").get(0);
    let told = telling.stop().await;
    assert!(told.requests() > 60, "those of query strings alone are 48");
    for secret in [
        PASSWORD,
        "a wrong password of mine",
        "token-of-mine",
        ada.access_token(),
        ada.refresh_token(),
        second.refresh_token(),
        second.access_token(),
        "a wrong guess of mine",
        "a new password of mine",
        &key,
        &hash,
        SECRET,
        "injected=line",
        "a value in a query string",
        "a+value+in+a+query+string",
        "a%20value%20in",
        ada.access_token().rsplit('.').next().expect("a signature"),
    ] {
        told.lacks(secret);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_mail_is_ever_logged_traced_or_measured() {
    const MINUTE: Duration = Duration::from_secs(60);
    // The server that is looked at leaves its mails to another instance, which is some minutes ahead and shows what they say.
    let app = TestApp::at_present().await;
    let late = "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN NEW.due_at := NEW.due_at + interval '15 minutes'; RETURN NEW; END $$; \
        CREATE TRIGGER late BEFORE INSERT ON mails FOR EACH ROW EXECUTE FUNCTION late()";
    app.database.operator.batch_execute(late).await.expect("a trigger");
    app.clock.advance(30 * MINUTE);
    let telling = Telling::start(&app.database.url, &[("PORTCULLIS_ENV", "development")]).await;
    let client = telling.server.client();
    let ada = client.register("ada@example.com").await;
    client.register("eve@example.com").await;
    client.register("bob@example.com").await;
    let mut secrets = Vec::new();
    let mut brought = async |started: &Value, email: &str| {
        assert_eq!(kind(started), "EmailFlowStarted", "{started}");
        let mail = app.mail_to(email).await;
        let digits: String = mail.code().chars().filter(char::is_ascii_digit).collect();
        let flow = started["flow"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned();
        secrets.extend([flow, mail.link(), mail.code(), digits]);
        (mail.by_link(), code(started, &mail.code()))
    };
    let started = ada.start_email_verification().await;
    let (_, by_code) = brought(&started, "ada@example.com").await;
    assert_eq!(kind(&client.confirm_email(by_code).await), "ConfirmEmailSuccess");
    let started = client.start_email_sign_in("eve@example.com").await;
    let (link, by_code) = brought(&started, "eve@example.com").await;
    assert_eq!(kind(&client.sign_in_with_email(link).await), "LoginSuccess");
    assert_eq!(kind(&client.sign_in_with_email(by_code).await), "FlowExpired");
    let started = client.start_password_reset("bob@example.com").await;
    let (link, by_code) = brought(&started, "bob@example.com").await;
    assert_eq!(kind(&client.complete_password_reset(code(&started, "8765 4321"), PASSWORD).await), "InvalidCode");
    assert_eq!(kind(&client.complete_password_reset(by_code, "password1").await), "WeakPassword");
    let inline = link["link"].as_str().expect("a token");
    let inline = format!(
        "mutation {{ completePasswordReset(input: {{ proof: {{ link: \"{inline}\" }}, newPassword: \"a reset password of mine\" }}) \
         {{ __typename }} }}"
    );
    client.send(&format!("{inline} }}}}"), Value::Null).await;
    client.send(&inline, Value::Null).await;
    assert_eq!(client.login_type("bob@example.com", "a reset password of mine").await, "LoginSuccess");
    let told = telling.stop().await;
    assert!(told.requests() > 10);
    secrets.extend(["a reset password of mine", "8765 4321", "87654321", "password1"].map(str::to_owned));
    for secret in &secrets {
        told.lacks(secret);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_has_one_line_that_says_what_it_was() {
    let database = TestDatabase::new().await;
    let json = [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let server = Server::start(&json);
    let ada = server.client().register("ada@example.com").await;
    let body = json!({ "query": "query WhoAmI { me { id } }" }).to_string();
    ada.post(body).header("x-request-id", "trace-me").send().await.expect("an answer");
    let log = server.stop();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("route=")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    let account = ada.user_id();
    assert!(lines[0].contains("operation=\"Register\"") && lines[0].contains(account), "{log}");
    for part in [
        "address=127.0.0.1",
        "id=\"trace-me\"",
        "operation=\"WhoAmI\"",
        account,
        "status=200",
        "duration_ms=",
        "route=\"/graphql\"",
    ] {
        assert!(lines[1].contains(part), "{part}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_are_json() {
    let database = TestDatabase::new().await;
    let mut child = crate::support::process::command(&[
        ("DATABASE_URL", &database.url),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_LOG_FORMAT", "json"),
        ("PORTCULLIS_LISTEN", "127.0.0.1:0"),
    ])
    .stdout(std::process::Stdio::piped())
    .stderr(std::process::Stdio::piped())
    .spawn()
    .expect("the binary runs");
    let mut greeting = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().expect("standard output"));
    std::io::BufRead::read_line(&mut out, &mut greeting).expect("a line");
    let ready: Value = serde_json::from_str(&greeting).expect("JSON");
    assert_eq!(ready["message"], "ready");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("standard error")));
    let mut next = || -> Value { serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON") };
    let url = ready["url"].as_str().expect("an address");
    let client = crate::support::Client::new(format!("{url}/graphql"));
    let ada = client.register("ada@example.com").await;
    let line = std::iter::from_fn(|| Some(next())).find(|line| line["message"] == "request").expect("a line");
    assert_eq!(line["span"]["operation"], "Register");
    assert_eq!(line["span"]["account"], ada.user_id());
    assert_eq!((&line["status"], &line["method"]), (&json!(200), &json!("POST")));
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .expect("a signal");
    assert!(child.wait().expect("an end").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_its_request_even_when_little_is_logged() {
    let database = TestDatabase::new().await;
    let quiet = [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", SECRET), ("PORTCULLIS_LOG", "error")];
    let server = Server::start(&quiet);
    let ada = server.client().register("ada@example.com").await;
    database.execute("ALTER TABLE sessions RENAME TO gone").await;
    let body = json!({ "query": "{ a: me { id } b: me { id } }" }).to_string();
    ada.post(body).header("x-request-id", "find-me").send().await.expect("an answer");
    let log = server.stop();
    assert_eq!(log.lines().filter(|line| line.contains("find-me")).count(), 1, "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_client_goes_away_is_logged_too() {
    use tokio::io::AsyncWriteExt;
    let database = TestDatabase::new().await;
    let slow = [
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ARGON2_ITERATIONS", "50"),
    ];
    let server = Server::start(&slow);
    let query = "mutation { login(input: { identifier: \"ada\", password: \"guess\" }) { __typename } }";
    let body = json!({ "query": query }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-request-id: gone\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let address = server.url.strip_prefix("http://").expect("an address").to_owned();
    let mut socket = tokio::net::TcpStream::connect(address).await.expect("a connection");
    socket.write_all(request.as_bytes()).await.expect("a request");
    // Once its attempt is counted it is under way.
    crate::support::until("the attempt is counted", async || database.count("SELECT count(*) FROM limits").await > 0)
        .await;
    drop(socket);
    let log = server.stop();
    let line = log.lines().find(|line| line.contains("id=\"gone\"") && line.contains("route=")).unwrap_or_default();
    assert!(line.contains("status=499") && line.contains("address=127.0.0.1"), "{log}");
}
