//! Settings of second factors.

use clap::Args;

use crate::config::faults::Check;
use crate::config::form::{Given, Named, choice, list};

const ROLES: &str = "PORTCULLIS_SECOND_FACTOR_ROLES";

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Second factors")]
pub(in crate::config) struct SecondFactorSettings {
    /// Whether every account needs a second factor. With required, whoever signs in to an account that has none adds one before a
    /// session opens, and nobody removes the last one. Sessions that were opened before go on until they end.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_SECOND_FACTOR",
        default_value = "optional",
        value_name = "CHOICE",
        value_parser = choice::<SecondFactor>()
    )]
    pub(in crate::config) second_factor: Given<SecondFactor>,

    /// The roles whose accounts need a second factor, to the letter, such as admin,support. It counts for accounts that have one
    /// of them, also where PORTCULLIS_SECOND_FACTOR is optional.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_SECOND_FACTOR_ROLES",
        value_name = "ROLES",
        value_parser = list(role)
    )]
    pub(in crate::config) second_factor_roles: Option<Given<Vec<String>>>,
}

/// Whether every account needs a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum SecondFactor {
    Optional,
    Required,
}

impl Named for SecondFactor {
    const WORDS: &'static [(&'static str, Self)] = &[("optional", Self::Optional), ("required", Self::Required)];
}

/// Which accounts need a second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactorPolicy {
    /// Whether all do.
    pub of_all: bool,
    /// Those with one of these roles do in any case.
    pub roles: Vec<String>,
}

impl SecondFactorSettings {
    pub(in crate::config) fn check(&self, check: &mut Check) -> SecondFactorPolicy {
        let of_all = check.take(&self.second_factor) == SecondFactor::Required;
        let before = check.faults.len();
        let roles = check.optional(self.second_factor_roles.as_ref());
        if check.faults.len() == before && roles.as_ref().is_some_and(Vec::is_empty) {
            check.fault(ROLES, "it names no role", ());
        }
        SecondFactorPolicy { of_all, roles: roles.unwrap_or_default() }
    }
}

/// A role that nobody has would be required of nobody, and nobody would notice. So what looks like a list with other separators, or
/// like a pattern, is refused.
fn role(text: &str) -> Result<String, String> {
    let is_sound = |c: char| c.is_alphanumeric() || "-_.:/@+".contains(c);
    if text.chars().all(is_sound) {
        return Ok(text.to_owned());
    }
    Err("is no role: roles consist of letters, digits and - _ . : / @ +, and commas separate them".to_owned())
}
