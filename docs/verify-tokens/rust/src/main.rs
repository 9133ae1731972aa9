//! A backend that answers `GET /` with the claims of the caller's access token.

mod events;
mod revocations;
mod verify;

use std::env;
use std::error::Error;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::Algorithm;
use serde_json::json;
use tokio::net::TcpListener;

use revocations::Revocations;
use verify::{Claims, Verifier};

/// Why a caller is not served.
pub enum Rejected {
    /// The token is refused.
    Refused(String),
    /// Nobody can tell whether the token is good.
    Unavailable(&'static str),
}

/// What happens while the stream of revocations is lost.
#[derive(Clone, Copy, PartialEq)]
enum WhileLost {
    /// Nobody is served.
    Refuse,
    /// Whoever is not known to be revoked is served. Then a revoked token is good until it expires, for whoever can keep this server from
    /// reaching the other one.
    Accept,
}

struct Backend {
    verifier: Verifier,
    revocations: Revocations,
    while_lost: WhileLost,
}

impl Backend {
    /// The claims of whoever sends these headers.
    async fn caller(&self, headers: &HeaderMap) -> Result<Claims, Rejected> {
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = authorization.and_then(|value| value.split_once(' '));
        let (_, token) = bearer
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .ok_or_else(|| Rejected::Refused("no bearer token".into()))?;
        let claims = self.verifier.verify(token).await?;
        if self.revocations.is_revoked(&claims) {
            return Err(Rejected::Refused("revoked".into()));
        }
        if self.while_lost == WhileLost::Refuse && !self.revocations.is_current() {
            return Err(Rejected::Unavailable("the stream of revocations is lost"));
        }
        Ok(claims)
    }
}

async fn who_am_i(State(backend): State<Arc<Backend>>, headers: HeaderMap) -> Result<Json<Claims>, Rejected> {
    backend.caller(&headers).await.map(Json)
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(error) => {
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
                (StatusCode::UNAUTHORIZED, challenge, Json(json!({ "error": error }))).into_response()
            }
            Self::Unavailable(error) => {
                let later = [(header::RETRY_AFTER, "1")];
                (StatusCode::SERVICE_UNAVAILABLE, later, Json(json!({ "error": error }))).into_response()
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = setting("AUTH_URL", None)?;
    let algorithms = setting("AUTH_ALGORITHMS", Some("EdDSA"))?;
    let algorithms = algorithms.split(',').map(str::parse).collect::<Result<Vec<Algorithm>, _>>()?;
    let while_lost = match setting("WHILE_LOST", Some("refuse"))?.as_str() {
        "refuse" => WhileLost::Refuse,
        "accept" => WhileLost::Accept,
        _ => return Err("WHILE_LOST is refuse or accept".into()),
    };
    // Nobody sends our service key on to another address.
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let (issuer, audience) = (setting("AUTH_ISSUER", None)?, setting("AUTH_AUDIENCE", None)?);
    let backend = Arc::new(Backend {
        verifier: Verifier::new(http.clone(), &url, issuer, audience, algorithms),
        revocations: Revocations::new(http, &url, setting("AUTH_SERVICE_KEY", None)?),
        while_lost,
    });

    let follower = backend.clone();
    tokio::spawn(async move { follower.revocations.follow().await });

    let listener = TcpListener::bind(format!("127.0.0.1:{}", setting("PORT", Some("3000"))?)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/", get(who_am_i)).with_state(backend)).await?;
    Ok(())
}

fn setting(name: &str, otherwise: Option<&str>) -> Result<String, String> {
    let value = env::var(name).ok().filter(|value| !value.is_empty());
    value.or(otherwise.map(str::to_owned)).ok_or_else(|| format!("{name} is not set"))
}
