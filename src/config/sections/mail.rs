//! Settings of mails, and of what needs them.

use std::path::PathBuf;

use super::sender::Sender;
use super::smtp::SmtpServer;
use crate::config::Environment;
use crate::config::faults::Check;
use crate::config::form::{Given, Named, choice, file_name, text_of};
use crate::config::origins::is_here;
use crate::config::secret_setting::{SecretSetting, SmtpUrl};
use clap::Args;

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Mail")]
pub(in crate::config) struct MailSettings {
    /// The mail server.
    #[command(flatten)]
    pub(in crate::config) smtp_url: SecretSetting<SmtpUrl>,

    /// The sender of mails: an address, or a name and an address, such as Example <no-reply@example.com>. It must be set with
    /// PORTCULLIS_SMTP_URL.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAIL_FROM",
        value_name = "MAILBOX",
        value_parser = text_of(Sender::parse, Sender::default())
    )]
    pub(in crate::config) mail_from: Option<Given<Sender>>,

    /// A directory into which mails are written as files (RFC 5322), for trying things out without a mail server.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAIL_DIR",
        value_name = "DIRECTORY",
        value_parser = file_name()
    )]
    pub(in crate::config) mail_dir: Option<Given<PathBuf>>,

    /// A directory of templates, each of which takes the place of a built-in one.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAIL_TEMPLATES",
        value_name = "DIRECTORY",
        value_parser = file_name()
    )]
    pub(in crate::config) mail_templates: Option<Given<PathBuf>>,

    /// The language of mails to people whose language is not known, or has no templates, as a tag of BCP 47.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAIL_LOCALE",
        default_value = "en",
        value_name = "TAG",
        value_parser = text_of(locale, "en".to_owned())
    )]
    pub(in crate::config) mail_locale: Given<String>,

    /// The page of the application to which links in mails lead. What a link is for, and its token, stand in the fragment:
    /// <URL>#reset-password=<token> [default: the server's own page, /confirm below PORTCULLIS_ISSUER].
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LINK_URL",
        value_name = "URL",
        value_parser = text_of(page, String::new())
    )]
    pub(in crate::config) link_url: Option<Given<String>>,

    /// Whether a registration makes an account only once its e-mail address is proven [default: required when mails are
    /// sent or shown, else off].
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_EMAIL_VERIFICATION",
        value_name = "CHOICE",
        value_parser = choice::<EmailVerification>()
    )]
    pub(in crate::config) email_verification: Option<Given<EmailVerification>>,

    /// Whether people can sign in by a mail alone. With register, whoever has no account gets one that way, if
    /// registration is open [default: on when mails can be sent, else off].
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_EMAIL_SIGN_IN",
        value_name = "CHOICE",
        value_parser = choice::<EmailSignIn>()
    )]
    pub(in crate::config) email_sign_in: Option<Given<EmailSignIn>>,
}

/// Read and found sound.
#[derive(Clone, Debug)]
pub struct Mail {
    /// How mails leave.
    pub way: MailWay,
    /// The sender.
    pub from: Sender,
    /// The directory of the operator's templates.
    pub templates: Option<PathBuf>,
    /// The language of mails when none is known.
    pub locale: String,
    /// The page to which links lead.
    pub link_url: String,
    /// Whether that page is the server's own.
    pub has_own_page: bool,
    /// Whether a registration has to be confirmed by mail.
    pub verification: EmailVerification,
    /// Whether a mail alone signs in.
    pub sign_in: EmailSignIn,
}

/// How mails leave.
#[derive(Clone, Debug)]
pub enum MailWay {
    /// They don't. What needs them is off.
    None,
    /// To this server.
    Smtp(SmtpServer),
    /// As files into this directory.
    Directory(PathBuf),
    /// They are shown to whoever builds an application.
    Mailbox,
}

impl Mail {
    /// Whether mails can be sent.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        !matches!(self.way, MailWay::None)
    }

    /// Whether links lead over the network unencrypted.
    #[must_use]
    pub fn has_exposed_links(&self) -> bool {
        self.link_url.starts_with("http:") && !is_here(&self.link_url)
    }

    /// Whether links lead to the server's own page.
    #[must_use]
    pub fn serves_own_page(&self) -> bool {
        self.is_possible() && self.has_own_page
    }
}

/// Whether a registration has to be confirmed by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailVerification {
    /// It makes an account at once.
    Off,
    /// It makes an account once the address is proven.
    Required,
}

impl Named for EmailVerification {
    const WORDS: &'static [(&'static str, Self)] = &[("off", Self::Off), ("required", Self::Required)];
}

/// Whether a mail alone signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailSignIn {
    /// It does not.
    Off,
    /// To accounts that there are.
    On,
    /// It makes an account where there is none.
    Register,
}

impl Named for EmailSignIn {
    const WORDS: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("on", Self::On), ("register", Self::Register)];
}

impl MailSettings {
    pub(in crate::config) fn check(&self, environment: Environment, issuer: &str, check: &mut Check) -> Mail {
        let smtp = self.smtp_url.read(check).and_then(|url| {
            SmtpServer::parse(&url).map_or_else(|why| check.fault(self.smtp_url.variable(), why, None), Some)
        });
        let directory = check.optional(self.mail_dir.as_ref());
        let from = check.optional(self.mail_from.as_ref());
        if smtp.is_some() && directory.is_some() {
            check.fault("PORTCULLIS_MAIL_DIR", "PORTCULLIS_SMTP_URL is set as well: set one of them", ());
        }
        let has_sender = self.mail_from.as_ref().is_some_and(|from| from.is_set) || check.file_may_set(&["mail-from"]);
        if smtp.is_some() && !has_sender {
            check.fault("PORTCULLIS_MAIL_FROM", "it must be set with PORTCULLIS_SMTP_URL", ());
        }
        let way = match (smtp, directory) {
            (Some(server), _) => MailWay::Smtp(server),
            (None, Some(directory)) => MailWay::Directory(directory),
            (None, None) if environment.is_development() => MailWay::Mailbox,
            (None, None) => MailWay::None,
        };
        let link_url = check.optional(self.link_url.as_ref());
        let mut mail = Mail {
            way,
            from: from.unwrap_or_default(),
            templates: check.optional(self.mail_templates.as_ref()),
            locale: check.take(&self.mail_locale),
            has_own_page: link_url.is_none(),
            link_url: link_url.unwrap_or_else(|| format!("{}/confirm", issuer.trim_end_matches('/'))),
            verification: EmailVerification::Off,
            sign_in: EmailSignIn::Off,
        };
        let is_possible = mail.is_possible() || self.smtp_url.is_given(check);
        let verification = check.optional(self.email_verification.as_ref());
        let sign_in = check.optional(self.email_sign_in.as_ref());
        let why = "no mail can be sent: PORTCULLIS_SMTP_URL is not set";
        if !is_possible && verification == Some(EmailVerification::Required) {
            check.fault("PORTCULLIS_EMAIL_VERIFICATION", why, ());
        }
        if !is_possible && sign_in.is_some_and(|sign_in| sign_in != EmailSignIn::Off) {
            check.fault("PORTCULLIS_EMAIL_SIGN_IN", why, ());
        }
        if is_possible {
            // Where mails are neither sent nor shown, nobody could confirm a registration.
            let is_read = !matches!(mail.way, MailWay::Mailbox) || is_here(issuer);
            let usual = if is_read { EmailVerification::Required } else { EmailVerification::Off };
            mail.verification = verification.unwrap_or(usual);
            mail.sign_in = sign_in.unwrap_or(EmailSignIn::On);
        }
        mail
    }
}

fn page(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err("it has a user or a password, which everybody would see who gets a mail".to_owned())
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.fragment().is_none() => Ok(url.into()),
        _ => Err("it is not an http or https URL without fragment".to_owned()),
    }
}

fn locale(text: &str) -> Result<String, String> {
    let is_tag = text
        .split('-')
        .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    is_tag.then(|| text.to_ascii_lowercase()).ok_or_else(|| "it is not a language tag, such as en or pt-BR".to_owned())
}
