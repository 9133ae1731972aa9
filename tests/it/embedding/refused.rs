//! Fields of an application that can't stand beside ours: it does not start.

use portcullis::async_graphql::{
    InputValueResult, MergedObject, Object, Scalar, ScalarType, SimpleObject, TypeDirective, Value,
};
use portcullis::{Builder, Config, Portcullis, auth, public};

use crate::support::app::SECRET;

/// Nothing listens there: what is refused is refused before anything is started.
fn builder() -> Builder {
    let settings = [("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"), ("PORTCULLIS_SECRET", SECRET)];
    let settings = settings.into_iter().chain([("PORTCULLIS_DATABASE_WAIT", "0s")]);
    Portcullis::builder(Config::from_settings(settings).expect("settings of the test"))
}

struct Open;

#[Object]
impl Open {
    async fn open(&self) -> bool {
        true
    }

    #[graphql(directive = auth::apply(), directive = public::apply())]
    async fn both(&self) -> bool {
        true
    }

    #[graphql(directive = public::apply())]
    async fn closed(&self) -> bool {
        true
    }
}

#[derive(MergedObject)]
struct Hidden(Open);

struct Ours;

#[Object]
impl Ours {
    #[graphql(directive = public::apply())]
    async fn me(&self) -> bool {
        true
    }

    #[graphql(directive = auth::apply())]
    async fn logout(&self) -> bool {
        true
    }

    #[graphql(directive = auth::apply(), name = "refreshToken")]
    async fn renamed(&self) -> bool {
        true
    }
}

#[derive(SimpleObject)]
struct User {
    name: String,
}

/// Another notion of a time.
struct DateTime;

#[Scalar]
impl ScalarType for DateTime {
    fn parse(_: Value) -> InputValueResult<Self> {
        Ok(Self)
    }

    fn to_value(&self) -> Value {
        Value::Number(0.into())
    }
}

struct Types;

#[Object(name = "Query")]
impl Types {
    #[graphql(directive = public::apply())]
    async fn user_of_ours(&self) -> User {
        User { name: String::new() }
    }

    #[graphql(directive = public::apply())]
    async fn time(&self) -> DateTime {
        DateTime
    }
}

mod theirs {
    use super::TypeDirective;

    /// Whoever likes.
    #[TypeDirective(location = "FieldDefinition")]
    pub(super) fn auth() {}
}

struct Directed;

#[Object]
impl Directed {
    #[graphql(directive = theirs::auth::apply())]
    async fn directed(&self) -> bool {
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_stand_beside_ours_fails_the_start() {
    let open = [
        "Query.open has no directive: say @auth or @public",
        "Query.both has more than one of the directives @auth and @public",
    ];
    for (refused, faults) in [
        (builder().query(Open).start().await, &open[..]),
        (builder().query(Hidden(Open)).start().await, &open[..]),
        (
            builder().query(Ours).mutation(Open).start().await,
            &["Query.me is a field of Portcullis", "Mutation.open has no directive: say @auth or @public"],
        ),
        (
            builder().mutation(Ours).start().await,
            &["Mutation.logout is a field of Portcullis", "Mutation.refreshToken is a field of Portcullis"],
        ),
        (
            builder().query(Types).start().await,
            &["the type User is one of Portcullis", "the type DateTime is one of Portcullis", "the type Query is one"],
        ),
        (builder().query(Directed).start().await, &["the directive @auth is not that of Portcullis"]),
    ] {
        let error = refused.expect_err("a refusal").to_string();
        for fault in faults {
            assert!(error.contains(fault), "{fault}: {error}");
        }
        assert!(!error.contains("closed"), "{error}");
    }
}

#[tokio::test]
async fn a_runtime_of_one_thread_is_told_and_does_not_panic() {
    let error = builder().start().await.expect_err("a refusal").to_string();
    assert!(error.contains("multi-thread runtime"), "{error}");
}

#[test]
fn settings_that_are_none_and_that_are_wrong_are_told_together() {
    let settings = [("PORTCULLIS_ISUER", "http://localhost"), ("PORTCULLIS_SESSION_TTL", "long"), ("PATH", "/")];
    let error = Config::from_settings(settings).expect_err("a fault").to_string();
    for fault in ["PORTCULLIS_ISUER: it is no setting", "PATH: it is no setting", "PORTCULLIS_SESSION_TTL"] {
        assert!(error.contains(fault), "{fault}: {error}");
    }
}
