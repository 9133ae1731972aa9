//! The language of a mail.

use super::accept_language;

/// A language tag (BCP 47) in lower case, such as `de` or `pt-br`. It is short and has only letters, digits and hyphens,
/// so it can be a part of a file's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Locale(String);

impl Default for Locale {
    /// English.
    fn default() -> Self {
        Self("en".to_owned())
    }
}

/// Longest tag that is read, in bytes.
const MAX_BYTES: usize = 35;

impl Locale {
    /// Reads a tag. `None` if it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_subtag =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let sound = text.len() <= MAX_BYTES && text.split('-').all(is_subtag);
        let starts_with_language =
            text.split('-').next().is_some_and(|it| it.len() > 1 && it.bytes().all(|b| b.is_ascii_alphabetic()));
        (sound && starts_with_language).then(|| Self(text.to_ascii_lowercase()))
    }

    /// The language for somebody: what the application says, else what the browser says, else the default. What has no
    /// templates, not even in its more general form, is passed over.
    pub(super) fn choose(
        input: Option<&str>,
        accept_language: Option<&str>,
        default: &Self,
        has_templates: impl Fn(&str) -> bool,
    ) -> Self {
        let accepted = accept_language.map(accept_language::ranges).unwrap_or_default();
        let mut wanted = input.into_iter().chain(accepted).filter_map(Self::parse);
        let chosen = wanted.find(|locale| locale.fallbacks().any(&has_templates));
        chosen.unwrap_or_else(|| default.clone())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag, then what is left of it when its last part is taken away, and so on (RFC 4647 section 3.4).
    pub(crate) fn fallbacks(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.as_str()), |tag| {
            let (shorter, _) = tag.rsplit_once('-')?;
            // A part of one character belongs to what stands after it.
            Some(shorter.rsplit_once('-').filter(|(_, last)| last.len() == 1).map_or(shorter, |(shorter, _)| shorter))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_language_tags_are_read() {
        for (text, tag) in [("de", "de"), ("de-AT", "de-at"), ("zh-Hant-TW", "zh-hant-tw"), ("es-419", "es-419")] {
            assert_eq!(Locale::parse(text).map(|locale| locale.0).as_deref(), Some(tag));
        }
        for text in ["", "d", "-", "de-", "de_AT", "../de", "de/..", "de\r\n", "*", "abcdefghi", "12", "ä"] {
            assert_eq!(Locale::parse(text), None, "{text:?}");
        }
        let long = "en-".to_owned() + &"abcdefgh-".repeat(4) + "a";
        assert_eq!(Locale::parse(&long), None);
    }

    #[test]
    fn a_tag_falls_back_to_its_language() {
        let fallbacks = |tag: &str| Locale::parse(tag).unwrap().fallbacks().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(fallbacks("zh-Hant-TW"), ["zh-hant-tw", "zh-hant", "zh"]);
        assert_eq!(fallbacks("de-AT-x-work"), ["de-at-x-work", "de-at", "de"]);
    }

    fn choose(input: Option<&str>, accept_language: Option<&str>) -> String {
        let default = Locale::parse("en").unwrap();
        Locale::choose(input, accept_language, &default, |tag| ["en", "de", "pt-br"].contains(&tag)).0
    }

    #[test]
    fn the_input_decides_then_the_browser_then_the_default() {
        assert_eq!(choose(Some("de-AT"), Some("en")), "de-at");
        assert_eq!(choose(None, Some("fr, de-CH;q=0.8, en;q=0.9")), "en");
        assert_eq!(choose(None, Some("fr, de-CH, en;q=0.9")), "de-ch");
        assert_eq!(choose(None, None), "en");
    }

    #[test]
    fn what_has_no_templates_is_passed_over() {
        assert_eq!(choose(Some("fr"), Some("de")), "de");
        assert_eq!(choose(Some("pt"), Some("*")), "en");
        assert_eq!(choose(Some("pt-BR"), None), "pt-br");
        assert_eq!(choose(Some("../de"), Some("../../de, de\0")), "en");
    }
}
