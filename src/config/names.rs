//! Names that are no setting: how they are shown, and what was meant.

use std::ffi::OsStr;

/// What all variables of ours begin with, but for those with a name that others know as well.
pub(super) const PREFIX: &str = "PORTCULLIS_";

/// Longest name that is compared and shown.
const LENGTH: usize = 100;

/// A name on one line, and not too long.
pub(super) fn shown(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    name.chars().take(LENGTH).map(|c| if c.is_ascii_graphic() { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// The name that is nearest to this one, whatever the case, the hyphens and the prefix. What one adds to the other counts half.
pub(super) fn nearest<'a>(name: &str, names: &[&'a str]) -> &'a str {
    let own = |name: &str| name.to_ascii_uppercase().replace('-', "_").trim_start_matches(PREFIX).to_owned();
    let name = own(name);
    let distance = |other: &&&str| {
        let other = own(other);
        let is_longer = name.starts_with(&other) || other.starts_with(&name);
        strsim::osa_distance(&name, &other) * if is_longer { 1 } else { 2 }
    };
    names.iter().min_by_key(distance).copied().unwrap_or_default()
}
