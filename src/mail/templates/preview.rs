//! Every mail with invented content, for whoever looks at the templates.

use strum::VariantArray;

use super::{Templates, sample};
use crate::config;
use crate::error::Error;
use crate::mail::{Kind, Locale, Rendered};

/// A mail with invented content.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Its language, as a tag in lower case.
    pub locale: String,
    /// Its kind.
    pub kind: Kind,
    /// What it says.
    pub rendered: Rendered,
}

/// The mails in this language, or in all that have templates, and of this kind, or of all.
///
/// # Errors
/// What is wrong with the operator's templates or with the language, for the operator.
pub fn previews(config: &config::Mail, locale: Option<&str>, kind: Option<Kind>) -> Result<Vec<Preview>, Error> {
    let templates = Templates::new(config)?;
    let locales = match locale {
        Some(tag) => vec![known(&templates, tag)?],
        None => templates.languages(),
    };
    let kinds = Kind::VARIANTS.iter().filter(|other| kind.is_none_or(|kind| kind == **other));
    let each = locales.iter().flat_map(|locale| kinds.clone().map(move |kind| (locale, *kind)));
    each.map(|(locale, kind)| {
        let rendered = templates.render(kind, locale, sample::RECIPIENT, &sample::full(kind))?;
        Ok(Preview { locale: locale.as_str().to_owned(), kind, rendered })
    })
    .collect()
}

fn known(templates: &Templates, tag: &str) -> Result<Locale, Error> {
    let locale = Locale::parse(tag).ok_or_else(|| Error::internal(format!("{tag:?} is not a language tag")))?;
    if templates.has(&locale) {
        return Ok(locale);
    }
    let languages = templates.languages();
    let languages: Vec<_> = languages.iter().map(Locale::as_str).collect();
    Err(Error::internal(format!("there are no templates in the language {tag}, but in {}", languages.join(", "))))
}
