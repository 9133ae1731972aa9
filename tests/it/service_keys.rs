//! Service keys at `GET /revocations`. Invented keys cost the database next to nothing, and lock nobody out.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::use_cases::service_keys::{create, revoke};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::{Peer, SECRET, instance};
use crate::support::database::TestDatabase;
use crate::support::events::ask;
use crate::support::proxy::Proxy;

/// Keys that are shown, one after the other.
const MANY: usize = 200;

struct Watched {
    app: TestApp,
    proxy: Proxy,
}

impl Watched {
    async fn start() -> Self {
        let database = TestDatabase::new().await;
        let proxy = Proxy::before(&database).await;
        let url = proxy.url(&database);
        let app = TestApp::on(database, &url, &["--database-pool-size=1", "--rate-limits=on"]).await;
        Self { app, proxy }
    }

    async fn status(&self, key: &str) -> u16 {
        ask(&self.app.url("/revocations"), Some(key), None).await.status().as_u16()
    }

    /// The trips to the database that these keys take, and how they are answered.
    async fn trips(&self, keys: impl IntoIterator<Item = String>) -> (usize, Vec<u16>) {
        // The connection is there, and the statement prepared.
        self.status(&old("an unknown one").0).await;
        let before = self.proxy.trips();
        let mut answers = Vec::new();
        for key in keys {
            answers.push(self.status(&key).await);
        }
        (self.proxy.trips() - before, answers)
    }

    async fn key(&self) -> (portcullis::ids::ServiceKeyId, String) {
        let (id, key) = create(&self.app.console(&[]).operator(), "a test").await.expect("a database").expect("a name");
        (id, key.expose().to_owned())
    }
}

/// A key as earlier versions made it, `pcs_<id>.<secret>`, with its id and the hash that the database has.
fn old(seed: &str) -> (String, Uuid, Vec<u8>) {
    let secret = digest(&SHA256, seed.as_bytes());
    let id = Uuid::new_v4();
    let (name, text) = (URL_SAFE_NO_PAD.encode(id.as_bytes()), URL_SAFE_NO_PAD.encode(secret.as_ref()));
    (format!("pcs_{name}.{text}"), id, digest(&SHA256, secret.as_ref()).as_ref().to_vec())
}

async fn insert(app: &TestApp, id: Uuid, hash: &[u8]) {
    let statement = "INSERT INTO service_keys (id, name, hash, created_at) VALUES ($1::text::uuid, 'old', $2, now())";
    app.database.operator.execute(statement, &[&id.to_string(), &hash]).await.expect("a row");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_made_up_cost_next_to_nothing_and_shut_out_nobody() {
    let watched = Watched::start().await;
    let (_, genuine) = watched.key().await;
    let (known, id, hash) = old("of an earlier version");
    insert(&watched.app, id, &hash).await;
    assert_eq!(watched.status(&known).await, 200);

    let (first, rest) = genuine.split_once('.').expect("a secret");
    let of_old_form = (0..MANY).map(|number| old(&format!("{number}")).0);
    let of_todays = (0..MANY).map(|_| {
        let other = URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes());
        format!("pcs_{other}.{rest}")
    });
    let cut =
        [rest.rsplit_once('.').map_or(rest, |(secret, _)| secret)].map(|secret| format!("{first}.x{}", &secret[1..]));
    let all = of_old_form.chain(of_todays).chain(cut);
    let (trips, answers) = watched.trips(all).await;
    assert!(trips <= 25, "{trips} trips for {} keys", answers.len());
    assert!(answers.iter().all(|status| [401, 429].contains(status)), "{answers:?}");
    assert!(answers.contains(&429), "{answers:?}");

    assert_eq!(watched.status(&genuine).await, 200, "who has a key of today's form is not among them");
    assert_eq!(watched.status(&known).await, 200, "nor who is known");
    let refused = ask(&watched.app.url("/revocations"), Some(&old("one more").0), None).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers()["retry-after"].to_str().is_ok_and(|seconds| seconds.parse::<u64>().is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_an_earlier_version_works_once_the_flood_is_over() {
    let watched = Watched::start().await;
    let (key, id, hash) = old("of an earlier version");
    insert(&watched.app, id, &hash).await;
    watched.trips((0..MANY).map(|number| old(&format!("{number}")).0)).await;
    assert_eq!(watched.status(&key).await, 429);
    watched.app.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(watched.status(&key).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_remembered_for_a_while_and_a_revoked_one_is_refused_at_once() {
    let watched = Watched::start().await;
    let (id, key) = watched.key().await;
    assert_eq!(watched.status(&key).await, 200);
    assert!(revoke(&watched.app.console(&[]).operator(), id).await.expect("a database"));
    assert_eq!(watched.status(&key).await, 401);
    let again = std::iter::repeat_n(key.clone(), MANY);
    let (trips, answers) = watched.trips(again).await;
    // The open stream still queries the database itself.
    assert!(trips < MANY / 4, "{trips}");
    assert_eq!(answers, [401; MANY]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_outlives_a_change_of_the_secret_and_new_keys_of_the_deployment() {
    let app = TestApp::start().await;
    let key = create(&app.console(&[]).operator(), "a test")
        .await
        .expect("a database")
        .expect("a name")
        .1
        .expose()
        .to_owned();
    let statuses = async |sealing: &str, flags: &[&str]| {
        let started = instance(&app.database.url, &app.clock, sealing, flags).await.expect("an app");
        let peer = Peer::serve(std::sync::Arc::new(started)).await;
        ask(&format!("http://{}/revocations", peer.address), Some(&key), None).await.status().as_u16()
    };
    let next = "the next secret of this deployment, of 32 bytes and more";
    let previous = format!("--secret-previous={SECRET}");
    assert_eq!(statuses(next, &[&previous]).await, 200, "sealed anew");
    app.database.execute("DELETE FROM keys").await;
    assert_eq!(statuses(next, &[]).await, 200, "as a key of an earlier version");
}
