//! Replacing the deployment's secret.

use futures_util::future::join_all;
use portcullis::app::Console;
use portcullis::use_cases::keys::{maintain, rotate, rotate_at_once};

use crate::second_step::{complete, login, totp, with_factor};
use crate::support::app::{Peer, SECRET, config, instance, secret};
use crate::support::cluster::watched_dir;
use crate::support::process::{Server, run};
use crate::support::{PASSWORD, TestApp, until};

const NEW: &str = "the next secret of the tests, longer than 32 bytes";
const PREVIOUS: [&str; 2] = ["--secret-previous", SECRET];

#[tokio::test(flavor = "multi_thread")]
async fn what_the_previous_secret_sealed_is_sealed_anew() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    rotate(&app.console(&[]).operator()).await.expect("a rotation");
    let (url, clock) = (app.database.url.clone(), app.clock.clone());
    let sealed = "SELECT string_agg(encode(sealed, 'hex'), ' ' ORDER BY id) FROM keys";
    let seals = async || -> String { app.database.operator.query_one(sealed, &[]).await.expect("a row").get(0) };
    let before = seals().await;

    let at_once = join_all((0..4).map(|_| instance(&url, &clock, NEW, &PREVIOUS))).await;
    let after = seals().await;
    assert!(before.split(' ').zip(after.split(' ')).all(|(before, after)| before != after), "all three");
    let alone = instance(&url, &clock, NEW, &[]).await.expect("the new secret is enough");
    assert_eq!(seals().await, after, "once");
    for instance in at_once.iter().map(|instance| instance.as_ref().expect("an app")).chain([&alone]) {
        let verified = instance.access_tokens.verify(&instance.keys.current(), ada.access_token(), clock.clock().now());
        assert!(verified.is_ok());
    }
    let error = instance(&url, &clock, SECRET, &[]).await.expect_err("the old secret opens nothing").to_string();
    assert!(error.contains("PORTCULLIS_SECRET does not open the keys"), "{error}");

    // Instances of before go on with what they know.
    maintain(&app.app).await.expect("maintenance");
    assert_eq!(ada.is_signed_in().await, Ok(()));
    app.anonymous().login("ada@example.com").await;
    rotate(&app.console(&[]).operator()).await.expect_err("and make nothing that others can't open");
    assert_eq!(app.database.count("SELECT count(*) FROM keys").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_previous_secret_that_is_wrong_as_well_is_refused() {
    let app = TestApp::start().await;
    let flags = ["--secret-previous", "this one sealed nothing here, long as it is"];
    let error = instance(&app.database.url, &app.clock, NEW, &flags).await.expect_err("a refusal").to_string();
    assert!(error.contains("PORTCULLIS_SECRET does not open the keys"), "{error}");
    assert!(!error.contains(NEW) && !error.contains(flags[1]), "{error}");
    app.instance(&flags).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_of_two_secrets_open_the_keys() {
    let app = TestApp::start().await;
    let (url, clock) = (app.database.url.clone(), app.clock.clone());
    // Instances that know both, before the first that seals by the new one.
    instance(&url, &clock, SECRET, &["--secret-previous", NEW]).await.expect("an app");
    instance(&url, &clock, NEW, &PREVIOUS).await.expect("an app");
    instance(&url, &clock, SECRET, &["--secret-previous", NEW]).await.expect("an app");
    instance(&url, &clock, NEW, &PREVIOUS).await.expect("an app");
    instance(&url, &clock, NEW, &[]).await.expect("an app");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_that_the_private_database_came_with_can_be_replaced() {
    let dir = watched_dir("secret");
    let server = Server::private(&dir);
    let ada = server.client().register("ada@example.com").await;
    server.stop();
    let kept = std::fs::read_to_string(dir.join("secret")).expect("a secret");
    let data_dir = ("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"));
    let new = ("PORTCULLIS_SECRET", NEW);
    let errors = Server::start(&[data_dir, new, ("PORTCULLIS_SECRET_PREVIOUS", &kept)]).stop();
    assert!(errors.contains("sealed the keys of PORTCULLIS_SECRET_PREVIOUS") && errors.contains("keys=2"), "{errors}");
    assert!(!errors.contains(&kept) && !errors.contains(NEW), "{errors}");

    let server = Server::start(&[data_dir, new]);
    assert_eq!(server.client().with_token(ada.access_token()).is_signed_in().await, Ok(()));
    assert!(server.client().logout_with(ada.refresh_token()).await, "refresh tokens live on as well");
    server.stop();
    let (status, _, errors) = run(&["serve"], &[data_dir, ("PORTCULLIS_LISTEN", "127.0.0.1:0")]);
    assert!(!status.success() && errors.contains("PORTCULLIS_SECRET does not open the keys"), "the file: {errors}");
}

/// Whoever replaces a key that leaked means it, even if an instance can't open what took its place.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_deleted_are_refused_by_an_instance_that_can_not_open_the_new_ones() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    assert_eq!(ada.is_signed_in().await, Ok(()));
    let config = config(&app.database.url, &PREVIOUS);
    let target = app.database.url.parse().expect("a URL");
    let console = Console::new(config, target, &secret(NEW), app.clock.clock()).expect("a console");
    rotate_at_once(&console.operator()).await.expect("a rotation");
    maintain(&app.app).await.expect_err("the operator is told");
    assert_eq!(ada.is_signed_in().await, Err("TOKEN_INVALID".into()));
    assert_eq!(app.app.keys.current().jwks(app.clock.clock().now()).body, r#"{"keys":[]}"#);
    assert_eq!(app.anonymous().login("ada@example.com").await.is_signed_in().await, Err("TOKEN_INVALID".into()));
}

/// Starts a server that knows the secret of the tests as the previous one, and stops it when it has sealed the secret of one
/// authenticator app anew.
pub(crate) async fn seal_one_anew(url: &str, secret: &str) {
    let settings = [("DATABASE_URL", url), ("PORTCULLIS_SECRET", secret), ("PORTCULLIS_SECRET_PREVIOUS", SECRET)];
    let server = Server::start(&settings);
    let done = "PORTCULLIS_SECRET seals the secrets of all authenticator apps resealed=1";
    until("they are sealed anew", async || server.log().contains(done)).await;
    server.stop();
}

/// Those of accounts to which nobody signs in meanwhile as well: the previous secret is taken away afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_both_secrets_seals_those_of_all_authenticator_apps_anew() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let sealed = "SELECT encode(secret, 'hex') FROM totps";
    let before = app.database.texts(sealed).await;
    seal_one_anew(&app.database.url, NEW).await;
    assert_ne!(app.database.texts(sealed).await, before);

    let peer = Peer::serve(instance(&app.database.url, &app.clock, NEW, &[]).await.expect("an app").into()).await;
    let client = peer.visited_by(&app.anonymous());
    let asked = login(&client, PASSWORD).await;
    let done = complete(&client, &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(done["__typename"], "LoginSuccess", "{done}");
}
