//! The words of mails: the built-in ones, and those of the operator.

mod app_name;
mod built_in;
mod device;
mod facts;
mod harmless;
mod overrides;
mod preview;
mod sample;
mod words;
mod wrap;

use url::Url;

use super::{Content, Kind, Locale, Rendered};
use crate::config;
use crate::error::{Error, OrInternal};
use facts::Facts;
use overrides::{Overrides, Part};

pub use preview::{Preview, previews};

/// The name by which people know the application.
///
/// # Errors
/// [`Error::Internal`], in practice never.
pub(crate) fn app_name(config: &config::Mail) -> Result<String, Error> {
    Ok(app_name::of(&config.from, &Url::parse(&config.link_url).or_internal()?))
}

/// All templates.
#[derive(Debug)]
pub(crate) struct Templates {
    /// The name of the application, as recipients know it.
    app: String,
    link_url: String,
    default: Locale,
    overrides: Overrides,
}

impl Templates {
    /// Reads the operator's templates, and renders each of them once.
    ///
    /// # Errors
    /// What is wrong with them, for the operator.
    pub(crate) fn new(config: &config::Mail) -> Result<Self, Error> {
        let default = Locale::parse(&config.locale);
        let default = default.ok_or_else(|| Error::internal("PORTCULLIS_MAIL_LOCALE: it is not a language tag"))?;
        let link_url = Url::parse(&config.link_url).or_internal()?;
        let app = app_name::of(&config.from, &link_url);
        let overrides = match &config.templates {
            Some(directory) => Overrides::read(directory, &app).map_err(|faults| {
                Error::internal(format!("the templates of mails can't be used:\n  {}", faults.join("\n  ")))
            })?,
            None => Overrides::default(),
        };
        let templates = Self { app, link_url: link_url.into(), default, overrides };
        if !templates.has(&templates.default) {
            return Err(Error::internal(format!(
                "PORTCULLIS_MAIL_LOCALE: there are no templates in the language {}; PORTCULLIS_MAIL_TEMPLATES can bring some",
                templates.default.as_str()
            )));
        }
        Ok(templates)
    }

    /// The language of mails to somebody: what the input says, else what the browser says, else the default.
    pub(crate) fn choose(&self, input: Option<&str>, accept_language: Option<&str>) -> Locale {
        Locale::choose(input, accept_language, &self.default, |tag| self.has_tag(tag))
    }

    /// The mail of this kind, in the language of the recipient if there are templates in it, else in the default language.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never. A template of the operator that fails is logged, and the built-in words take its
    /// place.
    pub(crate) fn render(
        &self,
        kind: Kind,
        locale: &Locale,
        recipient: &str,
        content: &Content,
    ) -> Result<Rendered, Error> {
        let facts = Facts::new(kind, &self.app, &self.link_url, recipient, content);
        let locale = if self.has(locale) { locale } else { &self.default };
        let built_in = built_in::render(words::for_locale(locale, &self.default), &facts).or_internal()?;
        let part = |part: Part, built_in: String| self.overrides.render(locale, part, &facts).unwrap_or(built_in);
        Ok(Rendered {
            subject: part(Part::Subject, built_in.subject),
            text: part(Part::Text, built_in.text),
            html: part(Part::Html, built_in.html),
        })
    }

    /// The languages that have templates.
    fn languages(&self) -> Vec<Locale> {
        let mut languages: Vec<_> = words::tags().filter_map(Locale::parse).collect();
        languages.extend(self.overrides.languages().cloned());
        languages.sort();
        languages.dedup();
        languages
    }

    fn has(&self, locale: &Locale) -> bool {
        locale.fallbacks().any(|tag| self.has_tag(tag))
    }

    fn has_tag(&self, tag: &str) -> bool {
        words::of(tag).is_some() || self.overrides.has(tag)
    }
}

#[cfg(test)]
mod tests;
