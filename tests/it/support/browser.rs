//! A browser with one open page. It stores cookies, and sends the headers that name the page's origin.

use reqwest::StatusCode;
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use serde_json::{Value, json};

use super::{Client, PASSWORD};

pub(crate) const COOKIE_NAME: &str = "__Host-portcullis-refresh";

const DEVICE: &str = "__Host-portcullis-device";

/// The headers that a page of ours sends.
pub(crate) const OWN: &[(&str, &str)] = &[("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")];

#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) client: Client,
    /// The headers that the browser adds to each request, besides the cookies.
    pub(crate) says: Vec<(&'static str, &'static str)>,
    /// The value of the refresh cookie.
    pub(crate) cookie: Option<String>,
    /// The whole cookie with the device token.
    pub(crate) device: Option<String>,
}

/// The answer that the page gets to see, and the headers that it does not.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    /// The attributes of the refresh cookie.
    pub(crate) set_cookies: Vec<String>,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
    }
}

impl Browser {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, says: OWN.to_vec(), cookie: None, device: None }
    }

    /// The same browser and cookie on another page.
    pub(crate) fn on(&self, says: &[(&'static str, &'static str)]) -> Self {
        Self { says: says.to_vec(), ..self.clone() }
    }

    pub(crate) async fn send(&mut self, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = self.client.post(body);
        for (name, value) in &self.says {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, format!("theme=dark; {COOKIE_NAME}={cookie}"));
        }
        if let Some(device) = &self.device {
            request = request.header(COOKIE, device.split(';').next().unwrap_or_default());
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = |value: &reqwest::header::HeaderValue| value.to_str().expect("text").to_owned();
        let (devices, set_cookies): (Vec<String>, Vec<String>) =
            headers.get_all(SET_COOKIE).iter().map(text).partition(|cookie| cookie.starts_with(DEVICE));
        assert!(devices.len() <= 1, "{devices:?}");
        self.device = devices.into_iter().next().or(self.device.take());
        for cookie in &set_cookies {
            let (name, rest) = cookie.split_once('=').expect("a name");
            assert_eq!(name, COOKIE_NAME);
            let value = rest.split(';').next().expect("a value");
            self.cookie = (!rest.contains("Max-Age=0")).then(|| value.to_owned());
        }
        Answer { status, headers, body: response.json().await.expect("JSON"), set_cookies }
    }

    pub(crate) async fn register(&mut self, email: &str) -> Answer {
        let query = "mutation($input: RegisterInput!) { register(input: $input) { __typename \
             ... on RegisterSuccess { session { id } tokens { accessToken refreshToken } } } }";
        self.send(query, json!({ "input": { "email": email, "password": PASSWORD, "transport": "COOKIE" } })).await
    }

    pub(crate) async fn login(&mut self, identifier: &str) -> Answer {
        let query = "mutation($input: LoginInput!) { login(input: $input) { __typename \
             ... on LoginSuccess { session { id expiresAt } tokens { accessToken refreshToken } } } }";
        let input = json!({ "identifier": identifier, "password": PASSWORD, "transport": "COOKIE" });
        self.send(query, json!({ "input": input })).await
    }

    /// `refreshToken` without a token.
    pub(crate) async fn refresh(&mut self) -> Answer {
        self.send(
            "mutation { refreshToken { __typename ... on RefreshTokenSuccess { session { id } tokens { accessToken refreshToken } } \
             ... on InvalidRefreshToken { reason } } }",
            Value::Null,
        )
        .await
    }

    pub(crate) async fn logout(&mut self) -> Answer {
        self.send("mutation { logout { ended } }", Value::Null).await
    }
}
