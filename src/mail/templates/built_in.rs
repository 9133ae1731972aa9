//! The built-in mails: one layout for plain text, one for HTML, and the words of a language.

use askama::Template;

use super::facts::{Asker, Facts, LinkOrCode};
use super::harmless::{plain_address, plain_title, unlinked};
use super::words::{Language, Validity, in_units};
use super::wrap::wrap;
use crate::mail::Rendered;

/// What both layouts show.
#[derive(Template)]
#[template(path = "layout.txt", config = "src/mail/templates/askama.toml")]
struct Letter {
    tag: &'static str,
    app: String,
    subject: &'static str,
    paragraphs: Vec<String>,
    /// What stands after the first paragraph.
    detail: Option<Detail>,
    link: Option<Link>,
    code: Option<Code>,
    origin: Option<Origin>,
    not_you: Option<String>,
}

#[derive(Template)]
#[template(path = "layout.html", config = "src/mail/templates/askama.toml")]
struct Page<'a> {
    letter: &'a Letter,
}

struct Link {
    intro: &'static str,
    button: &'static str,
    instead: &'static str,
    url: String,
    valid: Option<String>,
}

struct Code {
    intro: String,
    digits: String,
    valid: Option<String>,
    warning: String,
}

/// From where somebody asked.
struct Origin {
    heading: &'static str,
    details: Vec<Detail>,
}

/// A fact with its name.
struct Detail {
    label: &'static str,
    /// `None` if it must not stand in plain text.
    text: Option<String>,
    html: String,
}

/// Renders the mail in this language.
pub(super) fn render(language: &dyn Language, facts: &Facts<'_>) -> Result<Rendered, askama::Error> {
    let letter = Letter::new(language, facts);
    let text = letter.render()?;
    let html = Page { letter: &letter }.render()?;
    Ok(Rendered {
        subject: letter.subject.to_owned(),
        text: format!("{}\n", text.trim_end()),
        html: format!("{}\n", html.trim_end()),
    })
}

impl Letter {
    fn new(language: &dyn Language, facts: &Facts<'_>) -> Self {
        let (frame, words) = (language.frame(), language.words(facts.kind, facts.occasion));
        let fill = |text: &str| text.replace("{app}", facts.app);
        let link = words.link.zip(facts.link.as_ref()).map(|(words, link)| Link {
            intro: words.intro,
            button: words.button,
            instead: frame.link_instead,
            url: link.text.clone(),
            valid: valid(language, &frame.link_valid, link),
        });
        let code_intro = if link.is_some() { frame.code_after_link } else { frame.code_alone };
        Self {
            tag: language.tag(),
            app: facts.app.to_owned(),
            subject: words.subject,
            paragraphs: words.paragraphs.iter().map(|paragraph| fill(paragraph)).collect(),
            detail: detail(language, facts),
            code: words.code.zip(facts.code.as_ref()).map(|(place, code)| Code {
                intro: code_intro.replace("{where}", place),
                digits: code.text.clone(),
                valid: valid(language, &frame.code_valid, code),
                warning: fill(frame.code_warning),
            }),
            link,
            origin: facts.asker.as_ref().map(|asker| Origin::new(language, asker)),
            not_you: words.not_you.map(fill),
        }
    }

    fn wrapped(&self, text: &str) -> String {
        wrap(text)
    }

    /// The text with hyphens in the word `E-Mail` at which no line ends.
    fn unbroken(&self, text: &str) -> String {
        text.replace("E-Mail", "E\u{2011}Mail").replace("e-mail", "e\u{2011}mail")
    }
}

/// The address that the account has now, the number of recovery codes that it still has, the name of the passkey, or the time until
/// which a device is trusted.
fn detail(language: &dyn Language, facts: &Facts<'_>) -> Option<Detail> {
    let frame = language.frame();
    let told = |label, text: String| Detail { label, html: text.clone(), text: Some(text) };
    let new_email = facts.new_email.map(|address| Detail {
        label: frame.new_email,
        text: plain_address(address).map(str::to_owned),
        html: unlinked(address),
    });
    let passkey = facts.passkey.map(|name| Detail {
        label: frame.passkey,
        text: plain_title(name).map(str::to_owned),
        html: unlinked(name),
    });
    let codes_left = facts.codes_left.map(|left| told(frame.codes_left, left.to_string()));
    let trusted_until = facts.trusted_until.map(|until| told(frame.trusted_until, language.time(until)));
    new_email.or(passkey).or(codes_left).or(trusted_until)
}

impl Origin {
    fn new(language: &dyn Language, asker: &Asker) -> Self {
        let frame = language.frame();
        let detail = |label, text: String| Detail { label, html: unlinked(&text), text: Some(text) };
        let mut details = vec![detail(frame.device, language.device(asker.browser, asker.system))];
        details.extend(asker.ip_address.map(|address| detail(frame.ip_address, address.to_string())));
        let time = language.time(asker.at);
        details.push(Detail { label: frame.time, html: time.clone(), text: Some(time) });
        Self { heading: frame.origin, details }
    }

    /// The label of a detail, so wide that all of them stand in columns.
    fn padded(&self, label: &str) -> String {
        let width = self.details.iter().map(|detail| detail.label.chars().count()).max().unwrap_or_default();
        format!("{label:width$}")
    }
}

/// How long the link or the code is valid. `None` if that is not known.
fn valid(language: &dyn Language, words: &Validity, what: &LinkOrCode) -> Option<String> {
    let until = language.time(what.expires_at?);
    let sentence = match what.minutes.map(in_units) {
        Some((amount, unit)) => words.period.replace("{period}", &language.duration(amount, unit)),
        None => words.until.to_owned(),
    };
    Some(sentence.replace("{until}", &until))
}
