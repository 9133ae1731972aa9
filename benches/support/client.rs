//! GraphQL over one keep-alive connection.

use std::net::Ipv4Addr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};

use super::Outcome;

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
    /// As the first one, which was as expected.
    Same,
    /// SERVER_BUSY.
    Busy,
    /// UNAUTHENTICATED, because the session was ended.
    Revoked,
    /// Anything else, in words.
    Wrong(String),
}

/// Somebody who can sign in.
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) password: String,
    /// Of the registration.
    pub(crate) session: Session,
}

/// The tokens of a session.
pub(crate) struct Session {
    /// `Bearer` and an access token.
    authorization: HeaderValue,
    pub(crate) refresh_token: String,
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

    pub(crate) fn me(session: &Session) -> Self {
        let document = "{ me { __typename id email username roles createdAt } }";
        Self::new(document, Value::Null, "/data/me/__typename", "User").by(session)
    }

    pub(crate) fn logout(session: &Session) -> Self {
        Self::new("mutation { logout { __typename ended } }", Value::Null, "/data/logout/__typename", "LogoutSuccess")
            .by(session)
    }

    pub(crate) fn refresh(token: &str) -> Self {
        let document = "mutation ($input: RefreshTokenInput!) { refreshToken(input: $input) { __typename \
             ... on RefreshTokenSuccess { tokens { accessToken refreshToken } } } }";
        let input = json!({ "input": { "refreshToken": token } });
        Self::new(document, input, "/data/refreshToken/__typename", "RefreshTokenSuccess")
    }

    /// One operation, with an answer that is for others to judge.
    pub(crate) fn of(document: &str, variables: Value) -> Self {
        Self::new(document, variables, "/data", "")
    }

    pub(crate) fn by(self, session: &Session) -> Self {
        Self { authorization: Some(session.authorization.clone()), ..self }
    }

    pub(crate) fn login(account: &Account) -> Self {
        let document = "mutation ($input: LoginInput!) { login(input: $input) { __typename \
             ... on LoginSuccess { user { id } tokens { accessToken refreshToken } } } }";
        let input = json!({ "input": { "identifier": account.email, "password": account.password } });
        Self::new(document, input, "/data/login/__typename", "LoginSuccess")
    }

    pub(crate) fn register(email: &str, password: &str) -> Self {
        let document = "mutation ($input: RegisterInput!) { register(input: $input) { __typename \
             ... on RegisterSuccess { tokens { accessToken refreshToken } } } }";
        let input = json!({ "input": { "email": email, "password": password } });
        Self::new(document, input, "/data/register/__typename", "RegisterSuccess")
    }

    /// One operation, and what its answer has at `pointer`.
    pub(crate) fn new(document: &str, variables: Value, pointer: &'static str, expected: &'static str) -> Self {
        let body = json!({ "query": document, "variables": variables }).to_string().into();
        Self { body, authorization: None, pointer, expected }
    }

    /// The whole request, to this host.
    pub(crate) fn as_bytes(&self, host: &str) -> Vec<u8> {
        let mut head =
            format!("POST /graphql HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n").into_bytes();
        if let Some(token) = &self.authorization {
            head.extend([b"authorization: ", token.as_bytes(), b"\r\n"].concat());
        }
        head.extend(format!("content-length: {}\r\n\r\n", self.body.len()).into_bytes());
        [head, self.body.to_vec()].concat()
    }

    pub(crate) fn judge(&self, status: StatusCode, body: &[u8]) -> Answer {
        if status != StatusCode::OK {
            return Answer::Wrong(format!("status {status}"));
        }
        let Ok(answer) = serde_json::from_slice::<Value>(body) else { return Answer::Wrong("not JSON".to_owned()) };
        if let Some(errors) = answer.get("errors") {
            let extensions = &errors[0]["extensions"];
            return match (extensions["code"].as_str(), extensions["reason"].as_str()) {
                (Some("SERVER_BUSY"), _) => Answer::Busy,
                (_, Some("SESSION_REVOKED")) => Answer::Revoked,
                _ => Answer::Wrong(errors.to_string()),
            };
        }
        match answer.pointer(self.pointer) {
            Some(typename) if typename == self.expected => Answer::Right(answer),
            found => Answer::Wrong(format!("{found:?} in the place of {}", self.expected)),
        }
    }
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Outcome<Self> {
        Self::over(TcpStream::connect(address).await?, address).await
    }

    /// From this address of the machine's own: on Linux all of 127.0.0.0/8 are.
    pub(crate) async fn open_from(source: Ipv4Addr, address: &str) -> Outcome<Self> {
        Self::over(connect_from(source, address).await?, address).await
    }

    async fn over(stream: TcpStream, address: &str) -> Outcome<Self> {
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // When it ends with an error, so does the request on it.
        tokio::spawn(connection);
        Ok(Self { sender, host: HeaderValue::from_str(address)? })
    }

    pub(crate) async fn ask(&mut self, question: &Question) -> Outcome<Answer> {
        let (status, body) = self.send(question).await?;
        Ok(question.judge(status, &body))
    }

    /// The status and the body of the answer, whatever they are.
    pub(crate) async fn send(&mut self, question: &Question) -> Outcome<(StatusCode, Bytes)> {
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
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}

/// A connection from this address of the machine's own.
pub(crate) async fn connect_from(source: Ipv4Addr, address: &str) -> Outcome<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((source, 0).into())?;
    Ok(socket.connect(address.parse()?).await?)
}

impl Answer {
    /// What was expected.
    ///
    /// # Errors
    /// Anything else.
    pub(crate) fn right(self) -> Outcome<Value> {
        match self {
            Self::Right(answer) => Ok(answer),
            Self::Same => Ok(Value::Null),
            Self::Busy => Err("SERVER_BUSY".into()),
            Self::Revoked => Err("SESSION_REVOKED".into()),
            Self::Wrong(why) => Err(why.into()),
        }
    }
}

impl Session {
    /// The tokens in the answer to this field.
    pub(crate) fn of(answer: &Value, field: &str) -> Outcome<Self> {
        let tokens = &answer["data"][field]["tokens"];
        let (Some(access), Some(refresh)) = (tokens["accessToken"].as_str(), tokens["refreshToken"].as_str()) else {
            return Err(format!("no tokens: {answer}").into());
        };
        let authorization = HeaderValue::from_str(&format!("Bearer {access}"))?;
        Ok(Self { authorization, refresh_token: refresh.to_owned() })
    }
}

impl Account {
    /// One that does not exist.
    pub(crate) fn unregistered(name: &str) -> Self {
        let session = Session { authorization: HeaderValue::from_static(""), refresh_token: String::new() };
        Self { email: format!("{name}@example.com"), password: String::new(), session }
    }

    pub(crate) async fn register(connection: &mut Connection, number: usize) -> Outcome<Self> {
        let (email, password) = Self::names(number);
        Self::register_as(connection, email, password).await
    }

    pub(crate) async fn register_as(connection: &mut Connection, email: String, password: String) -> Outcome<Self> {
        let answer = connection.ask(&Question::register(&email, &password)).await?.right();
        let answer = answer.map_err(|error| format!("can't register: {error}"))?;
        Ok(Self { email, password, session: Session::of(&answer, "register")? })
    }

    /// The address and the password of the account with this number.
    pub(crate) fn names(number: usize) -> (String, String) {
        (format!("bench-{number}@example.com"), format!("a horse under load, number {number}"))
    }

    /// A new session.
    pub(crate) async fn login(&self, connection: &mut Connection) -> Outcome<Session> {
        Session::of(&connection.ask(&Question::login(self)).await?.right()?, "login")
    }
}

/// Registers so many accounts.
pub(crate) async fn register(address: &str, number: usize) -> Outcome<Vec<Account>> {
    let mut connection = Connection::open(address).await?;
    let mut accounts = Vec::with_capacity(number);
    for number in 0..number {
        accounts.push(Account::register(&mut connection, number).await?);
    }
    Ok(accounts)
}
