//! Compares with graphql-js: whether a document is refused, `data` to the byte, and the paths of errors.
//!
//! What differs on purpose is listed in `docs/graphql.md`, and left out here by what the refusal says.

mod generate;
mod reference;
mod table;

use std::cell::Cell;

use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use crate::fuzz::choices::{Choices, numbers};
use crate::fuzz::documents::Schema;
use crate::fuzz::run;
use crate::support::app::Peer;
use crate::support::{Client, TestApp};
use generate::Generator;
use reference::Reference;

/// All that a user has.
const USER: &str = "id email emailVerifiedAt username roles createdAt totpEnabledAt recoveryCodesLeft
    passkeys { id name createdAt lastUsedAt backedUp aaguid }
    trustedDevices { id createdAt lastUsedAt expiresAt userAgent ipAddress }
    sessions(first: 100) { nodes { id createdAt authenticatedAt methods lastUsedAt expiresAt userAgent ipAddress current } }
    securityEvents(first: 100) { nodes { id kind occurredAt sessionId ipAddress userAgent requestId } }";

/// A server where nobody can register any more, the same answers in graphql-js, and two callers.
struct World {
    _app: TestApp,
    _peer: Peer,
    reference: Reference,
    anonymous: Client,
    signed_in: Client,
    refresh_token: String,
    /// The mutations that nobody may call signed in, or what is answered would not stay.
    changes: Vec<String>,
    /// What may stand in a place of a token or a cursor.
    texts: Vec<String>,
}

/// What the two say of one request.
enum Outcome {
    Same {
        executed: bool,
    },
    /// We refuse it on purpose.
    Excepted,
    Different(String),
}

impl World {
    async fn start() -> Option<Self> {
        let app = TestApp::start().await;
        let mut ada = app.registered("ada@example.com").await;
        for _ in 0..3 {
            ada = ada.login("ada@example.com").await;
        }
        let grace = app.registered("grace@example.com").await;
        let peer = app.peer(&["--open-registration=off", "--email-sign-in=off"]).await;
        let (anonymous, signed_in) = (peer.visited_by(&app.anonymous()), peer.visited_by(&ada));
        let me = signed_in.send(&format!("{{ me {{ {USER} }} }}"), Value::Null).await;
        let document = format!(
            "mutation($i: RefreshTokenInput) {{ refreshToken(input: $i) {{ __typename ... on RefreshTokenSuccess {{ user {{ {USER} }} \
             session {{ id createdAt authenticatedAt methods lastUsedAt expiresAt userAgent ipAddress current }} \
             tokens {{ accessToken accessTokenExpiresAt refreshToken tokenType }} }} }} }}"
        );
        // Sent again, a token brings the same successor.
        let variables = json!({ "i": { "refreshToken": grace.refresh_token() } });
        let refreshed = anonymous.send(&document, variables).await;
        assert!(
            me["data"]["me"]["id"].is_string() && refreshed["data"]["refreshToken"]["user"].is_object(),
            "{me} {refreshed}"
        );
        let world = json!({
            "me": me["data"]["me"],
            "refreshed": refreshed["data"]["refreshToken"],
            "refreshToken": grace.refresh_token(),
        });
        let reference = Reference::start(&portcullis::graphql::sdl(), &world)?;
        let sessions = me["data"]["me"]["sessions"]["nodes"].as_array().expect("sessions").iter();
        let mut texts: Vec<String> = sessions.filter_map(|node| Some(node["id"].as_str()?.to_owned())).collect();
        let refresh_token = grace.refresh_token().to_owned();
        texts.push(refresh_token.clone());
        let mutations = Schema::read().fields.remove("Mutation").expect("mutations");
        let guarded = mutations.into_iter().filter(|field| field.is_guarded).map(|field| field.name);
        let changes = guarded.chain(["logout".to_owned()]).collect();
        Some(Self { _app: app, _peer: peer, reference, anonymous, signed_in, refresh_token, changes, texts })
    }

    /// Sends a request, signed in if it may be and changes nothing then. No session is ended, so each answers what it did before.
    async fn compare(&self, request: &Value, may_be_signed_in: bool) -> Outcome {
        let mut request = request.clone();
        if request.to_string().contains("logout") {
            let harmless = request.to_string().replace(&self.refresh_token, "a token");
            request = serde_json::from_str(&harmless).expect("JSON");
        }
        let query = request["query"].as_str().unwrap_or_default();
        let signed_in = may_be_signed_in && !self.changes.iter().any(|field| query.contains(field));
        let client = if signed_in { &self.signed_in } else { &self.anonymous };
        let answer = client.post(request.to_string()).send().await.expect("an answer").text().await.expect("text");
        let parsed: Value = serde_json::from_str(&answer).expect("JSON");
        match self.reference.differs(&request, signed_in, &answer) {
            None => Outcome::Same { executed: parsed.get("data").is_some() },
            Some(_) if is_excepted(&parsed) => Outcome::Excepted,
            Some(what) => Outcome::Different(format!("{what}\n  ours: {answer}\n  {request}\n  {query}")),
        }
    }
}

/// Whether we refuse on purpose what graphql-js answers.
fn is_excepted(answer: &Value) -> bool {
    let error = &answer["errors"][0];
    let message = error["message"].as_str().unwrap_or_default();
    let on_purpose = message == "Argument \"if\" of type \"Boolean!\" must not be null."
        || message.contains("must not be nullable where it is a field of")
        || error["extensions"]["code"] == "QUERY_TOO_COMPLEX";
    answer.get("data").is_none() && on_purpose
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_of_the_specification_are_answered_as_graphql_js_answers_them() {
    let Some(world) = World::start().await else { return };
    let mut different = Vec::new();
    for (query, variables) in table::requests(&world.texts) {
        for may_be_signed_in in [false, true] {
            let request = json!({ "query": query, "variables": variables });
            match world.compare(&request, may_be_signed_in).await {
                Outcome::Same { .. } => {}
                Outcome::Excepted => different.push(format!("it is excepted: {query}")),
                Outcome::Different(what) => different.push(what),
            }
        }
    }
    assert!(different.is_empty(), "{}:\n{}", different.len(), different.join("\n"));
}

/// They are listed in `docs/graphql.md`.
#[tokio::test(flavor = "multi_thread")]
async fn introspection_differs_in_what_is_listed() {
    let Some(world) = World::start().await else { return };
    let mut same = Vec::new();
    for query in [
        "{ __schema { description } }",
        "{ __schema { types { name } } }",
        "{ __type(name: \"__Directive\") { fields { name } } }",
        "{ __type(name: \"UserError\") { interfaces { name } } }",
        "{ __type(name: \"User\") { fields(includeDeprecated: null) { name } } }",
    ] {
        let outcome = world.compare(&json!({ "query": query, "variables": {} }), false).await;
        match outcome {
            Outcome::Different(what) => println!("{what}"),
            Outcome::Same { .. } | Outcome::Excepted => same.push(query),
        }
    }
    assert!(same.is_empty(), "{same:?}");
}

/// `PROPTEST_CASES=100000 cargo test --test it differential` looks longer.
#[tokio::test(flavor = "multi_thread")]
async fn generated_documents_are_answered_as_graphql_js_answers_them() {
    let Some(world) = World::start().await else { return };
    let (schema, handle) = (Schema::read(), tokio::runtime::Handle::current());
    let [executed, excepted, cases] = [(); 3].map(|()| Cell::new(0_u32));
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    run(3000, &numbers(), |numbers| {
        let mut choices = Choices::of(&numbers);
        let may_be_signed_in = choices.one_in(2);
        let request = Generator::new(&schema, &world.texts, &mut choices).request();
        count(&cases);
        match handle.block_on(world.compare(&request, may_be_signed_in)) {
            Outcome::Same { executed: true } => count(&executed),
            Outcome::Same { executed: false } => {}
            Outcome::Excepted => count(&excepted),
            Outcome::Different(what) => return Err(TestCaseError::fail(what)),
        }
        Ok(())
    });
    let (executed, excepted, cases) = (executed.get(), excepted.get(), cases.get());
    println!("{cases} documents: {executed} executed, {excepted} excepted");
    assert!(
        executed > cases / 4 && excepted < cases / 5,
        "{cases} documents: {executed} executed, {excepted} excepted"
    );
}
