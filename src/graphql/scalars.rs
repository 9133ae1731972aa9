//! Scalars of our own.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::SecondsFormat;

use crate::clock::Timestamp;

/// A point in time.
pub(crate) struct DateTime(Timestamp);

/// A point in time in UTC (RFC 3339), such as `2026-11-22T21:00:00Z`. It has at most six decimals of a second.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                text.parse().map(Self).map_err(|_| InputValueError::custom("This is not a date and time of RFC 3339."))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// JSON of the API of browsers for passkeys.
pub(crate) struct WebAuthnJson(Value);

/// What the API of browsers for passkeys takes or gives, as JSON: a `PublicKeyCredential...OptionsJSON`, or what `toJSON()` of a
/// credential makes (Web Authentication Level 3).
#[Scalar(specified_by_url = "https://www.w3.org/TR/webauthn-3/")]
impl ScalarType for WebAuthnJson {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Object(_) => Ok(Self(value)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Object(_))
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

impl From<serde_json::Value> for WebAuthnJson {
    fn from(json: serde_json::Value) -> Self {
        // All JSON is a value of GraphQL.
        Self(Value::from_json(json).unwrap_or_default())
    }
}

impl From<WebAuthnJson> for serde_json::Value {
    fn from(WebAuthnJson(value): WebAuthnJson) -> Self {
        // Null where it has no JSON, which is no credential either.
        value.into_json().unwrap_or_default()
    }
}
impl From<Timestamp> for DateTime {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}
