//! What is wrong with templates: each is rendered once with all that a mail can have, and once with the least.

use std::path::Path;

use minijinja::{Error, ErrorKind};
use strum::VariantArray;

use super::{Overrides, Part, name};
use crate::client::visible;
use crate::mail::templates::facts::Facts;
use crate::mail::templates::{sample, words};
use crate::mail::{Content, Kind, Locale};

/// Every fault, each as a line with its file.
pub(super) fn all(overrides: &Overrides, directory: &Path, names: &[String], app: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for language in &overrides.languages {
        for kind in Kind::VARIANTS {
            for part in Part::VARIANTS {
                let name = name(language.as_str(), *kind, *part);
                if names.contains(&name) {
                    let rendered = [sample::full(*kind), sample::least(*kind)]
                        .iter()
                        .try_for_each(|content| render(overrides, language, *kind, *part, content, app));
                    faults.extend(rendered.err().map(|error| overrides.fault(directory, &name, &error)));
                }
            }
        }
        faults.extend(incomplete(language, directory, names));
    }
    faults
}

fn render(
    overrides: &Overrides,
    language: &Locale,
    kind: Kind,
    part: Part,
    content: &Content,
    app: &str,
) -> Result<(), Error> {
    const PAGE: &str = "https://example.com/confirm";
    let facts = Facts::new(kind, app, PAGE, sample::RECIPIENT, content);
    let name = name(language.as_str(), kind, part);
    let rendered = overrides.try_render(&name, language.as_str(), part, &facts)?;
    let (link, code) = (facts.link.as_ref(), facts.code.as_ref());
    let is_of_use = link.is_none() || link.into_iter().chain(code).any(|what| rendered.contains(&what.text));
    if part == Part::Subject || is_of_use {
        return Ok(());
    }
    let why = if code.is_some() { "it shows neither {{ link }} nor {{ code }}" } else { "it does not show {{ link }}" };
    Err(Error::new(ErrorKind::InvalidOperation, why))
}

/// A language of which only a part is there would give mails in two languages, unless the rest of it is built in.
fn incomplete(language: &Locale, directory: &Path, names: &[String]) -> Option<String> {
    if language.fallbacks().any(|tag| words::of(tag).is_some()) {
        return None;
    }
    let all = Kind::VARIANTS.iter().flat_map(|kind| Part::VARIANTS.iter().map(move |part| (*kind, *part)));
    let is_there =
        |(kind, part): &(Kind, Part)| language.fallbacks().any(|tag| names.contains(&name(tag, *kind, *part)));
    let missing: Vec<_> =
        all.filter(|it| !is_there(it)).map(|(kind, part)| format!("{kind}.{}", part.extension())).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "{}: this language is not built in, so it needs all mails; there is no {}",
            directory.join(language.as_str()).display(),
            missing.join(", ")
        )
    })
}

/// The fault of a template: file, line, reason, and what stands in the line.
pub(super) fn fault(directory: &Path, name: &str, source: Option<&str>, error: &Error) -> String {
    let place = directory.join(name);
    let line = error.line().map(|line| format!(":{line}")).unwrap_or_default();
    let reason = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    let text =
        error.line().and_then(|line| source?.lines().nth(line.checked_sub(1)?)).map(|text| visible(text.trim(), SHOWN));
    let text = text.filter(|text| !text.is_empty()).map(|text| format!(" in {text}")).unwrap_or_default();
    format!("{}{line}: {reason}{text}", place.display())
}

/// How much of a line is shown, in characters.
const SHOWN: usize = 80;

/// The error that another one came from, such as that in a template which is included.
pub(super) fn root(error: &Error) -> &Error {
    let mut root = error;
    while let Some(cause) = std::error::Error::source(root).and_then(|cause| cause.downcast_ref()) {
        root = cause;
    }
    root
}
