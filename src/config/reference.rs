//! All settings, as the help and the docs tell them. What they tell is read from the arguments that are declared in `sections/`.

use std::collections::BTreeMap;

use clap::{Arg, Args, Command};

use super::Settings;
use super::form::Shape;

/// One setting.
#[derive(Clone, Debug)]
pub struct SettingReference {
    /// What it is about.
    pub area: String,
    /// The flag, without the hyphens before it. It is the key in a file of settings as well.
    pub key: String,
    /// The environment variable.
    pub variable: String,
    /// The default, if there is one: a value, or the words that tell how it is found.
    pub default: Option<String>,
    /// Whether [`default`](Self::default) is a value.
    pub default_is_value: bool,
    /// What may be written.
    pub shape: Shape,
    /// What it does, in whole sentences.
    pub help: String,
}

/// Every setting, area by area.
#[must_use]
pub fn reference() -> Vec<SettingReference> {
    arguments().iter().filter_map(described).collect()
}

/// The arguments of all settings.
pub(super) fn arguments() -> Vec<Arg> {
    Settings::augment_args(Command::new("settings")).get_arguments().cloned().collect()
}

/// The variable of each setting, by the id of its argument.
pub(super) fn variables() -> BTreeMap<String, String> {
    let variable = |arg: &Arg| Some((arg.get_id().to_string(), arg.get_env()?.to_string_lossy().into_owned()));
    arguments().iter().filter_map(variable).collect()
}

/// Has the help tell the bounds and the words that may be written.
pub(super) fn documented(command: Command) -> Command {
    command.mut_args(|arg| match (Shape::of(&arg), arg.get_help().map(ToString::to_string)) {
        (Some(shape), Some(help)) => {
            let allowed = shape.allowed().map(|allowed| format!(" [allowed: {allowed}]")).unwrap_or_default();
            arg.hide_possible_values(true).help(format!("{help}{allowed}"))
        }
        _ => arg,
    })
}

fn described(arg: &Arg) -> Option<SettingReference> {
    let help = arg.get_help()?.to_string();
    let (help, described) = match help.split_once(" [default: ") {
        Some((help, default)) => (help.to_owned(), default.strip_suffix(']').map(str::to_owned)),
        None => (help, None),
    };
    let value = arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
    Some(SettingReference {
        area: arg.get_help_heading().unwrap_or_default().to_owned(),
        key: arg.get_long()?.to_owned(),
        variable: arg.get_env()?.to_string_lossy().into_owned(),
        default_is_value: value.is_some(),
        default: value.or(described),
        shape: Shape::of(arg)?,
        help: if help.ends_with('.') { help } else { help + "." },
    })
}
