//! The operator's templates.

mod check;
mod environment;
mod read;
mod variables;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use minijinja::Environment;

use super::facts::Facts;
use crate::mail::{Kind, Locale};

/// A part of a mail, which has a template of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantArray)]
pub(super) enum Part {
    Subject,
    Text,
    Html,
}

impl Part {
    /// How the name of its file ends.
    fn extension(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "txt",
            Self::Html => "html",
        }
    }
}

/// The operator's templates, each rendered once.
#[derive(Default)]
pub(super) struct Overrides {
    environment: Environment<'static>,
    languages: BTreeSet<Locale>,
}

impl Overrides {
    /// Reads the templates in a directory, and renders each of them once.
    ///
    /// # Errors
    /// Every fault that is found in them, each as a line with its file.
    pub(super) fn read(directory: &Path, app: &str) -> Result<Self, Vec<String>> {
        let files = read::files(directory)?;
        let mut faults = Vec::new();
        let mut environment = environment::new();
        let names: Vec<_> = files.templates.iter().map(|file| file.name.clone()).collect();
        for file in files.templates {
            if let Err(error) = environment.add_template_owned(file.name.clone(), file.text.clone()) {
                faults.push(check::fault(directory, &file.name, Some(&file.text), &error));
            }
        }
        let overrides = Self { environment, languages: files.languages };
        if faults.is_empty() {
            faults = check::all(&overrides, directory, &names, app);
        }
        if faults.is_empty() { Ok(overrides) } else { Err(faults) }
    }

    pub(super) fn languages(&self) -> impl Iterator<Item = &Locale> {
        self.languages.iter()
    }

    /// Whether there are templates in the language with this tag.
    pub(super) fn has(&self, tag: &str) -> bool {
        self.languages.iter().any(|language| language.as_str() == tag)
    }

    /// The part of a mail, in this language or else in its more general form. `None` if the built-in one is to take its place:
    /// where there is no template, or it fails, which is logged.
    pub(super) fn render(&self, locale: &Locale, part: Part, facts: &Facts<'_>) -> Option<String> {
        for tag in locale.fallbacks() {
            if super::words::of(tag).is_some() && !self.has_template(tag, facts.kind, part) {
                return None;
            }
            let name = name(tag, facts.kind, part);
            if !self.has_template(tag, facts.kind, part) {
                continue;
            }
            match self.try_render(&name, tag, part, facts) {
                Ok(rendered) => return Some(rendered),
                // Without its detail, which may quote what the mail tells.
                Err(error) => {
                    tracing::error!(template = name, line = error.line(), error = %check::root(&error).kind(), "a template of mails failed");
                }
            }
        }
        None
    }

    /// The fault of the template with this name, or of one that it includes.
    fn fault(&self, directory: &Path, name: &str, error: &minijinja::Error) -> String {
        let error = check::root(error);
        let name = error.name().unwrap_or(name);
        let template = self.environment.get_template(name).ok();
        check::fault(directory, name, template.as_ref().map(|template| template.source()), error)
    }

    fn has_template(&self, tag: &str, kind: Kind, part: Part) -> bool {
        self.environment.get_template(&name(tag, kind, part)).is_ok()
    }

    fn try_render(&self, name: &str, tag: &str, part: Part, facts: &Facts<'_>) -> Result<String, minijinja::Error> {
        let rendered = self.environment.get_template(name)?.render(variables::of(facts, tag, part))?;
        match part {
            Part::Subject => environment::one_line(&rendered),
            Part::Text | Part::Html => Ok(format!("{}\n", rendered.trim_end())),
        }
    }
}

/// The name of a template, which is its path below the directory.
fn name(tag: &str, kind: Kind, part: Part) -> String {
    format!("{tag}/{kind}.{}", part.extension())
}

impl fmt::Debug for Overrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overrides").field("languages", &self.languages).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
