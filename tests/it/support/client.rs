//! GraphQL clients, as applications have them.

use std::ops::Deref;

use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::PASSWORD;

/// The fields of a success that tests use.
const SIGN_IN: &str = "user { id email username roles createdAt } \
    session { id createdAt lastUsedAt expiresAt userAgent ipAddress current } \
    tokens { accessToken accessTokenExpiresAt refreshToken tokenType }";

/// An application on a device. It sends any document, and nobody needs to be signed in.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    /// `Authorization` headers, as many as are wanted.
    pub(crate) authorization: Vec<String>,
    /// The device token that it sends when it logs in.
    pub(crate) device_token: Option<String>,
}

impl Client {
    pub(crate) fn new(url: String) -> Self {
        let http = reqwest::Client::builder().user_agent("tests/1.0").no_proxy().build().expect("an HTTP client");
        Self { http, url, authorization: Vec::new(), device_token: None }
    }

    /// The same application on a machine with this address: all of 127.0.0.0/8 are ours.
    pub(crate) fn at(&self, address: &str) -> Self {
        let address: std::net::IpAddr = address.parse().expect("an address");
        let http = reqwest::Client::builder().user_agent("tests/1.0").no_proxy().local_address(address);
        Self { http: http.build().expect("an HTTP client"), ..self.clone() }
    }

    /// The same application behind a proxy that forwards what comes from this address.
    pub(crate) fn forwarded(&self, address: &str) -> Self {
        let header = ("x-forwarded-for".parse().expect("a name"), address.parse().expect("an address"));
        let http = reqwest::Client::builder()
            .user_agent("tests/1.0")
            .no_proxy()
            .default_headers([header].into_iter().collect());
        Self { http: http.build().expect("an HTTP client"), ..self.clone() }
    }

    /// Sends a document and gives the whole answer.
    pub(crate) async fn send(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let response = self.post(body.to_string()).send().await.expect("an answer");
        response.json().await.expect("a JSON answer")
    }

    /// A request with this body, for tests that change it.
    pub(crate) fn post(&self, body: String) -> reqwest::RequestBuilder {
        let request = self.http.post(&self.url).header("content-type", "application/json").body(body);
        self.authorization.iter().fold(request, |request, value| request.header(AUTHORIZATION, value))
    }

    /// Sends a registration.
    pub(crate) async fn try_register(&self, input: Value) -> Value {
        let query = format!(
            "mutation Register($input: RegisterInput!) {{ register(input: $input) {{ __typename \
             ... on RegisterSuccess {{ {SIGN_IN} deviceToken }} ... on UserError {{ code message }} \
             ... on RateLimited {{ retryAfter }} \
             ... on InvalidInput {{ fields {{ path code message }} }} ... on WeakPassword {{ suggestions }} }} }}"
        );
        self.send(&query, json!({ "input": input })).await
    }

    /// Sends a login.
    pub(crate) async fn try_login(&self, identifier: &str, password: &str) -> Value {
        let query = format!(
            "mutation Login($input: LoginInput!) {{ login(input: $input) {{ __typename \
             ... on LoginSuccess {{ {SIGN_IN} deviceToken }} ... on UserError {{ code message }} \
             ... on RateLimited {{ retryAfter }} }} }}"
        );
        let input = json!({ "identifier": identifier, "password": password, "deviceToken": self.device_token });
        self.send(&query, json!({ "input": input })).await
    }

    /// The type that a login answers with.
    pub(crate) async fn login_type(&self, identifier: &str, password: &str) -> String {
        let answer = self.try_login(identifier, password).await;
        answer["data"]["login"]["__typename"].as_str().unwrap_or_else(|| panic!("no login: {answer}")).to_owned()
    }

    /// The same application on a device with this token.
    pub(crate) fn on_device(&self, device_token: &str) -> Self {
        Self { device_token: Some(device_token.to_owned()), ..self.clone() }
    }

    /// Registers, and is signed in.
    pub(crate) async fn register(&self, email: &str) -> SignedIn {
        let answer = self.try_register(json!({ "email": email, "password": PASSWORD })).await;
        SignedIn::new(self, &answer["data"]["register"])
    }

    /// Logs in, and is signed in.
    pub(crate) async fn login(&self, identifier: &str) -> SignedIn {
        let answer = self.try_login(identifier, PASSWORD).await;
        SignedIn::new(self, &answer["data"]["login"])
    }

    /// The same application with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { authorization: vec![format!("Bearer {token}")], ..self.clone() }
    }

    /// Queries `me` and returns the whole answer.
    pub(crate) async fn me(&self) -> Value {
        self.send("query Me { me { id email username roles createdAt } }", Value::Null).await
    }

    /// Whether `me` answers with an account. The error is the reason why not.
    pub(crate) async fn is_signed_in(&self) -> Result<(), String> {
        let answer = self.me().await;
        match answer["errors"][0]["extensions"]["reason"].as_str() {
            None if answer["data"]["me"]["id"].is_string() => Ok(()),
            Some(reason) if answer["data"]["me"].is_null() => Err(reason.to_owned()),
            _ => panic!("neither signed in nor not: {answer}"),
        }
    }

    /// Sends a refresh token.
    pub(crate) async fn try_refresh(&self, refresh_token: &str) -> Value {
        let query = format!(
            "mutation Refresh($input: RefreshTokenInput!) {{ refreshToken(input: $input) {{ __typename \
             ... on RefreshTokenSuccess {{ {SIGN_IN} }} ... on UserError {{ code message }} \
             ... on RateLimited {{ retryAfter }} ... on InvalidRefreshToken {{ reason }} }} }}"
        );
        let answer = self.send(&query, json!({ "input": { "refreshToken": refresh_token } })).await;
        answer["data"]["refreshToken"].clone()
    }

    /// Logs out by the access token. Returns whether a session ended.
    pub(crate) async fn logout(&self) -> bool {
        let answer = self.send("mutation Logout { logout { ended } }", Value::Null).await;
        answer["data"]["logout"]["ended"].as_bool().unwrap_or_else(|| panic!("no logout: {answer}"))
    }

    /// Logs out by a refresh token. Returns whether a session ended.
    pub(crate) async fn logout_with(&self, refresh_token: &str) -> bool {
        let query = "mutation Logout($input: LogoutInput) { logout(input: $input) { ended } }";
        let answer = self.send(query, json!({ "input": { "refreshToken": refresh_token } })).await;
        answer["data"]["logout"]["ended"].as_bool().unwrap_or_else(|| panic!("no logout: {answer}"))
    }
}

/// An application in which somebody is signed in. It does all that a [`Client`] can with the access token, and has
/// the answer of the sign-in.
#[derive(Clone)]
pub(crate) struct SignedIn {
    client: Client,
    success: Value,
}

impl Deref for SignedIn {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl SignedIn {
    /// A client with this answer of `register`, `login` or `refreshToken`.
    pub(super) fn new(client: &Client, success: &Value) -> Self {
        let token = success["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("no sign-in: {success}"));
        Self { client: client.with_token(token), success: success.clone() }
    }

    /// The same session through another client, as of another instance.
    pub(super) fn through(&self, client: Client) -> Self {
        Self { client, ..self.clone() }
    }

    pub(crate) fn user(&self) -> &Value {
        &self.success["user"]
    }

    pub(crate) fn user_id(&self) -> &str {
        self.text("user", "id")
    }

    pub(crate) fn session(&self) -> &Value {
        &self.success["session"]
    }

    pub(crate) fn session_id(&self) -> &str {
        self.text("session", "id")
    }

    pub(crate) fn tokens(&self) -> &Value {
        &self.success["tokens"]
    }

    pub(crate) fn access_token(&self) -> &str {
        self.text("tokens", "accessToken")
    }

    pub(crate) fn refresh_token(&self) -> &str {
        self.text("tokens", "refreshToken")
    }

    /// The device token.
    pub(crate) fn device_token(&self) -> &str {
        self.success["deviceToken"].as_str().expect("a device token")
    }

    /// Refreshes the session.
    pub(crate) async fn refresh(&self) -> Self {
        Self::new(&self.client, &self.try_refresh(self.refresh_token()).await)
    }

    fn text(&self, part: &str, field: &str) -> &str {
        self.success[part][field].as_str().unwrap_or_else(|| panic!("no {part}.{field}: {}", self.success))
    }
}
