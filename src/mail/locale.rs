//! The language of a mail.

/// A language tag (BCP 47) in lower case, such as `de` or `pt-br`. It is short and has only letters, digits and hyphens,
/// so it can be a part of a file's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag, then what is left of it when its last part is taken away, and so on (RFC 4647 section 3.4).
    pub(crate) fn fallbacks(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.as_str()), |tag| Some(tag.rsplit_once('-')?.0))
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
        let locale = Locale::parse("zh-Hant-TW").unwrap();
        assert_eq!(locale.fallbacks().collect::<Vec<_>>(), ["zh-hant-tw", "zh-hant", "zh"]);
    }
}
