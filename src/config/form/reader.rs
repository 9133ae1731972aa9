//! The parser that clap calls for a setting. It never fails: a fault is kept beside the value, so that all faults are told at once.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, Command, Error};

use super::{Form, Subject};

/// A setting as it was given.
#[derive(Clone)]
pub(in super::super) struct Given<T> {
    /// The id of clap's argument.
    pub(in super::super) id: String,
    /// The value, or a harmless one where there is none or a faulty one.
    pub(in super::super) value: T,
    /// Whether it is set. An empty text sets nothing.
    pub(in super::super) is_set: bool,
    /// Whether neither a flag nor a variable sets it: it comes from the file of settings, or is the default.
    pub(in super::super) is_fallback: bool,
    /// What is wrong with it.
    pub(in super::super) faults: Vec<String>,
}

/// Makes clap's parser of a form.
#[derive(Clone)]
pub(in super::super) struct Reader<F>(pub(in super::super) F);

impl<F: Form> TypedValueParser for Reader<F> {
    type Value = Given<F::Value>;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Self::Value, Error> {
        self.parse_ref_(command, arg, value, ValueSource::CommandLine)
    }

    fn parse_ref_(
        &self,
        _: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<Self::Value, Error> {
        let fallback = arg.and_then(|arg| arg.get_default_values().first());
        let (value, is_fallback) = match fallback {
            Some(fallback) if is_blank(value) => (fallback.as_os_str(), true),
            _ => (value, source == ValueSource::DefaultValue),
        };
        let id = arg.map(|arg| arg.get_id().to_string()).unwrap_or_default();
        let given = |value, is_set, faults| Given { id, value, is_set, is_fallback, faults };
        if is_blank(value) {
            return Ok(given(self.0.stand_in(), false, Vec::new()));
        }
        let read = match value.to_str().map(str::trim) {
            Some(text) => self.0.read(text, if is_fallback { Subject::It } else { Subject::Quoted }),
            None => self.0.read_raw(value),
        };
        Ok(match read {
            Ok(value) => given(value, true, Vec::new()),
            Err(faults) => given(self.0.stand_in(), true, faults),
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.shape().encode().into_iter()))
    }
}

fn is_blank(value: &OsStr) -> bool {
    value.to_str().is_some_and(|text| text.trim().is_empty())
}
