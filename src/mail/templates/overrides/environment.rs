//! What templates of the operator can do.

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, escape_formatter};

/// More steps than any mail takes. It ends loops that would keep a start from going on.
const STEPS: u64 = 1_000_000;

/// Longest subject, in characters.
const SUBJECT_LENGTH: usize = 200;

/// An environment without templates. Nothing in it reads files, so a template finds only those that were added.
pub(super) fn new() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(
        |name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        },
    );
    environment.set_fuel(Some(STEPS));
    environment.set_formatter(|output, state, value| {
        if value.is_none() {
            return Err(missing());
        }
        escape_formatter(output, state, value)
    });
    environment
}

/// Nobody wants to read `none` in a mail.
fn missing() -> Error {
    let why = "a value is shown that may be missing: write {% if value %}...{% endif %} around it";
    Error::new(ErrorKind::InvalidOperation, why)
}

/// The subject, without what would end the header.
pub(super) fn one_line(rendered: &str) -> Result<String, Error> {
    let words: Vec<_> = rendered.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|character| !character.is_control()).collect();
    let fault = |why: String| Err(Error::new(ErrorKind::InvalidOperation, why));
    match line.chars().count() {
        0 => fault("the subject is empty".to_owned()),
        1..=SUBJECT_LENGTH => Ok(line),
        _ => fault(format!("the subject has more than {SUBJECT_LENGTH} characters")),
    }
}

/// A text that stands in HTML as it is, even where a template turns escaping off.
pub(super) fn escaped(text: &str) -> Value {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Value::from_safe_string(escaped)
}
