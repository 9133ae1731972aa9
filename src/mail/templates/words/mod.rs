//! The words of the built-in mails, one file a language.
//!
//! `{app}` in them stands for the name of the application. What the words say of a mail must be true of whoever gets it: most
//! mails also reach people who have nothing to do with what somebody did with their address.

mod de;
mod en;

use crate::clock::Timestamp;
use crate::mail::{Kind, Locale, Occasion};

/// What is said in one kind of mail.
pub(super) struct Words {
    /// The subject, and the heading of the mail.
    pub(super) subject: &'static str,
    /// What happened, and what it means, a paragraph each.
    pub(super) paragraphs: &'static [&'static str],
    /// What the link is for. No link is shown without it.
    pub(super) link: Option<Link>,
    /// Where the code is entered, as a part of a sentence. No code is shown without it.
    pub(super) code: Option<&'static str>,
    /// What to do for somebody who did not ask for the mail.
    pub(super) not_you: Option<&'static str>,
}

/// What is said of a link.
pub(super) struct Link {
    /// What stands before the link in plain text.
    pub(super) intro: &'static str,
    pub(super) button: &'static str,
}

/// A language.
pub(super) trait Language: Sync {
    fn tag(&self) -> &'static str;

    /// What is said in mails of this kind, on this occasion if they have other words on it.
    fn words(&self, kind: Kind, occasion: Option<Occasion>) -> Words;

    /// What is said in every kind of mail.
    fn frame(&self) -> &'static Frame;

    /// A time, in UTC.
    fn time(&self, time: Timestamp) -> String;

    fn duration(&self, amount: i64, unit: Unit) -> String;

    /// A device, of whose names one may be missing.
    fn device(&self, browser: Option<&str>, system: Option<&str>) -> String;
}

/// What is said in every kind of mail. `{period}` and `{until}` stand for a duration and a time, and `{where}` for
/// [`Words::code`].
pub(super) struct Frame {
    pub(super) new_email: &'static str,
    pub(super) codes_left: &'static str,
    pub(super) passkey: &'static str,
    pub(super) trusted_until: &'static str,
    /// What stands before the link in HTML, below the button.
    pub(super) link_instead: &'static str,
    pub(super) link_valid: Validity,
    /// What stands before the code, when there is a link before it and when there is none.
    pub(super) code_after_link: &'static str,
    pub(super) code_alone: &'static str,
    pub(super) code_valid: Validity,
    pub(super) code_warning: &'static str,
    pub(super) origin: &'static str,
    pub(super) device: &'static str,
    pub(super) ip_address: &'static str,
    pub(super) time: &'static str,
}

/// How long something is valid, when the duration is known and when only the end is.
pub(super) struct Validity {
    pub(super) period: &'static str,
    pub(super) until: &'static str,
}

/// A unit of time.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Minutes,
    Hours,
    Days,
}

const LANGUAGES: [&dyn Language; 2] = [&en::English, &de::German];

/// The tags of the built-in languages.
pub(super) fn tags() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|language| language.tag())
}

/// The language with this tag.
pub(super) fn of(tag: &str) -> Option<&'static dyn Language> {
    LANGUAGES.into_iter().find(|language| language.tag() == tag)
}

/// The built-in language for mails in `locale`, else that for mails in `default`, else English.
pub(super) fn for_locale(locale: &Locale, default: &Locale) -> &'static dyn Language {
    locale.fallbacks().chain(default.fallbacks()).find_map(of).unwrap_or(&en::English)
}

/// The amount of the largest unit in which the minutes are a whole number.
pub(super) fn in_units(minutes: i64) -> (i64, Unit) {
    const HOUR: i64 = 60;
    const DAY: i64 = 24 * HOUR;
    match minutes {
        minutes if minutes % DAY == 0 => (minutes / DAY, Unit::Days),
        minutes if minutes % HOUR == 0 => (minutes / HOUR, Unit::Hours),
        minutes => (minutes, Unit::Minutes),
    }
}
