//! Environment variables that are called like settings and are none: mostly misspelt ones.

use std::ffi::OsStr;

use clap::Arg;

use super::names::{PREFIX, nearest, shown};
use super::reference::arguments;

/// What those of our tests begin with.
const TESTS: &str = "PORTCULLIS_TEST_";

/// A variable that is no setting.
#[derive(Debug)]
pub struct UnknownVariable {
    /// Its name, without what can't be shown.
    pub name: String,
    /// The setting whose name is nearest.
    pub nearest: String,
}

/// The variables of the environment that begin like ours, in any case, and are none.
#[must_use]
pub fn unknown_variables() -> Vec<UnknownVariable> {
    let arguments = arguments();
    let names: Vec<_> = arguments.iter().filter_map(Arg::get_env).filter_map(OsStr::to_str).collect();
    let mut unknown: Vec<_> = std::env::vars_os()
        .filter(|(name, value)| {
            is_like_ours(name)
                && !name.to_str().is_some_and(|name| names.contains(&name) || is_known(name, &value.to_string_lossy()))
        })
        .map(|(name, _)| {
            let name = shown(&name);
            UnknownVariable { nearest: nearest(&name, &names).to_owned(), name }
        })
        .collect();
    unknown.sort_by(|one, other| one.name.cmp(&other.name));
    unknown
}

fn is_like_ours(name: &OsStr) -> bool {
    let beginning = name.as_encoded_bytes().get(..PREFIX.len());
    beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(PREFIX.as_bytes()))
}

fn is_known(name: &str, value: &str) -> bool {
    name.starts_with(TESTS) || is_of_kubernetes(name, value)
}

/// Kubernetes tells each container of the services beside it: of one named `portcullis`, and of those whose names begin so.
fn is_of_kubernetes(name: &str, value: &str) -> bool {
    let of_port = name.match_indices("_PORT_").any(|(place, port)| {
        let (number, rest) = name[place + port.len()..].split_once('_').unwrap_or_default();
        let protocol = rest.split('_').next().unwrap_or_default();
        number.parse::<u16>().is_ok() && ["TCP", "UDP", "SCTP"].contains(&protocol)
    });
    of_port
        || name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.ends_with("_PORT") && value.contains("://")
}
