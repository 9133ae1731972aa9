//! GraphQL over one keep-alive connection.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::Outcome;

/// An operation, and the `__typename` that its answer must have.
#[derive(Clone)]
pub(crate) struct Question {
    body: Bytes,
    authorization: Option<HeaderValue>,
    pointer: &'static str,
    expected: &'static str,
}

/// What came back. Losing the connection is an error instead.
pub(crate) enum Answer {
    /// As expected.
    Right(Value),
    /// SERVER_BUSY.
    Busy,
    /// Anything else, in words.
    Wrong(String),
}

/// Somebody who can sign in.
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) password: String,
    /// `Bearer` and an access token.
    pub(crate) token: HeaderValue,
}

/// One connection; one request at a time.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Question {
    pub(crate) fn typename() -> Self {
        Self::new("{ __typename }", Value::Null, "/data/__typename", "Query")
    }

    pub(crate) fn me(account: &Account) -> Self {
        let document = "{ me { __typename id email username roles createdAt } }";
        let authorization = Some(account.token.clone());
        Self { authorization, ..Self::new(document, Value::Null, "/data/me/__typename", "User") }
    }

    pub(crate) fn login(account: &Account) -> Self {
        let document = "mutation ($input: LoginInput!) { login(input: $input) { __typename \
             ... on LoginSuccess { user { id } tokens { accessToken refreshToken } } } }";
        let input = json!({ "input": { "identifier": account.email, "password": account.password } });
        Self::new(document, input, "/data/login/__typename", "LoginSuccess")
    }

    fn register(email: &str, password: &str) -> Self {
        let document = "mutation ($input: RegisterInput!) { register(input: $input) { __typename \
             ... on RegisterSuccess { tokens { accessToken } } } }";
        let input = json!({ "input": { "email": email, "password": password } });
        Self::new(document, input, "/data/register/__typename", "RegisterSuccess")
    }

    fn new(document: &str, variables: Value, pointer: &'static str, expected: &'static str) -> Self {
        let body = json!({ "query": document, "variables": variables }).to_string().into();
        Self { body, authorization: None, pointer, expected }
    }

    fn judge(&self, status: StatusCode, body: &[u8]) -> Answer {
        if status != StatusCode::OK {
            return Answer::Wrong(format!("status {status}"));
        }
        let Ok(answer) = serde_json::from_slice::<Value>(body) else { return Answer::Wrong("not JSON".to_owned()) };
        if let Some(errors) = answer.get("errors") {
            let busy = errors[0]["extensions"]["code"] == "SERVER_BUSY";
            return if busy { Answer::Busy } else { Answer::Wrong(errors.to_string()) };
        }
        match answer.pointer(self.pointer) {
            Some(typename) if typename == self.expected => Answer::Right(answer),
            found => Answer::Wrong(format!("{found:?} in the place of {}", self.expected)),
        }
    }
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // When it ends with an error, so does the request on it.
        tokio::spawn(connection);
        Ok(Self { sender, host: HeaderValue::from_str(address)? })
    }

    pub(crate) async fn ask(&mut self, question: &Question) -> Outcome<Answer> {
        let mut request = Request::post("/graphql")
            .header(HOST, self.host.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(token) = &question.authorization {
            request = request.header(AUTHORIZATION, token.clone());
        }
        let request = request.body(Full::new(question.body.clone()))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(question.judge(status, &body))
    }
}

/// Registers so many accounts.
pub(crate) async fn register(address: &str, number: usize) -> Outcome<Vec<Account>> {
    let mut connection = Connection::open(address).await?;
    let mut accounts = Vec::with_capacity(number);
    for number in 0..number {
        let (email, password) = (format!("load-{number}@example.com"), format!("a horse under load, number {number}"));
        let answer = match connection.ask(&Question::register(&email, &password)).await? {
            Answer::Right(answer) => answer,
            Answer::Busy => return Err("can't register: SERVER_BUSY".into()),
            Answer::Wrong(why) => return Err(format!("can't register: {why}").into()),
        };
        let token = answer.pointer("/data/register/tokens/accessToken").and_then(Value::as_str).unwrap_or_default();
        let token = HeaderValue::from_str(&format!("Bearer {token}"))?;
        accounts.push(Account { email, password, token });
    }
    Ok(accounts)
}
