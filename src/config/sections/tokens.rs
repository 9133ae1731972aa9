//! Settings of access tokens, the keys that sign them, and the secret that seals those.

use std::time::Duration;

use clap::Args;

use super::{DAY, MINUTE};
use crate::config::SigningAlgorithm;
use crate::config::form::{Given, Named, choice, duration, text, text_of};
use crate::config::secret_setting::{DeploymentSecret, PreviousSecret, SecretSetting};

/// Longest life of an access token that can be set. Keys that have signed are kept this long: raising it needs care.
pub const MAX_ACCESS_TOKEN_TTL: Duration = DAY;

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Tokens and keys")]
pub(in crate::config) struct TokenSettings {
    /// The iss claim of access tokens (RFC 7519): the URL at which applications reach this server. If it has a path, a proxy
    /// takes that path away, except from /.well-known/oauth-authorization-server/<path>.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_ISSUER",
        default_value = "http://localhost:8080",
        value_name = "URL",
        value_parser = text_of(issuer, String::new())
    )]
    pub(in crate::config) issuer: Given<String>,

    /// The aud claim of access tokens. It names the services that accept them.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_AUDIENCE",
        default_value = "portcullis",
        value_name = "NAME",
        value_parser = text()
    )]
    pub(in crate::config) audience: Given<String>,

    /// How long an access token lives.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_ACCESS_TOKEN_TTL",
        default_value = "10m",
        value_name = "DURATION",
        value_parser = duration(MINUTE, MAX_ACCESS_TOKEN_TTL)
    )]
    pub(in crate::config) access_token_ttl: Given<Duration>,

    /// The algorithm that signs access tokens. A start with another one makes a new key. Not every library verifies EdDSA.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_SIGNING_ALGORITHM",
        default_value = "EdDSA",
        value_name = "ALGORITHM",
        value_parser = choice::<SigningAlgorithm>()
    )]
    pub(in crate::config) signing_algorithm: Given<SigningAlgorithm>,

    /// The age at which the key that signs access tokens gets a successor.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_KEY_ROTATION",
        default_value = "90d",
        value_name = "DURATION",
        value_parser = duration(DAY, 400 * DAY)
    )]
    pub(in crate::config) key_rotation: Given<Duration>,

    /// The deployment's secret.
    #[command(flatten)]
    pub(in crate::config) secret: SecretSetting<DeploymentSecret>,

    /// The secret of before.
    #[command(flatten)]
    pub(in crate::config) secret_previous: SecretSetting<PreviousSecret>,
}

impl Named for SigningAlgorithm {
    const WORDS: &'static [(&'static str, Self)] = &[
        (Self::EdDsa.as_str(), Self::EdDsa),
        (Self::Es256.as_str(), Self::Es256),
        (Self::Rs256.as_str(), Self::Rs256),
    ];
}

fn issuer(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() => {
            Ok(text.to_owned())
        }
        _ => Err("it is not an http or https URL without query and fragment (RFC 8414 section 2)".to_owned()),
    }
}
