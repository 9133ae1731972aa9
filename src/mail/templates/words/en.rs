//! English.

use super::{Frame, Language, Link, Unit, Validity, Words};
use crate::clock::Timestamp;
use crate::mail::Kind;

pub(super) struct English;

const FRAME: Frame = Frame {
    new_email: "New address",
    link_instead: "If the button does not work, open this page:",
    link_valid: Validity {
        period: "The link is valid for {period}, until {until}.",
        until: "The link is valid until {until}.",
    },
    code_after_link: "Or enter this code {where}:",
    code_alone: "Enter this code {where}:",
    code_valid: Validity {
        period: "The code is valid for {period}, until {until}.",
        until: "The code is valid until {until}.",
    },
    code_warning: "Never give this code to anybody. {app} does not ask for it by phone, chat or mail.",
    origin: "The request came from:",
    device: "Device",
    ip_address: "IP address",
    time: "Time",
};

impl Language for English {
    fn tag(&self) -> &'static str {
        "en"
    }

    fn frame(&self) -> &'static Frame {
        &FRAME
    }

    fn time(&self, time: Timestamp) -> String {
        time.format("%-d %B %Y, %H:%M UTC").to_string()
    }

    fn duration(&self, amount: i64, unit: Unit) -> String {
        match (amount, unit) {
            (1, Unit::Minutes) => "one minute".to_owned(),
            (1, Unit::Hours) => "one hour".to_owned(),
            (1, Unit::Days) => "one day".to_owned(),
            (_, Unit::Minutes) => format!("{amount} minutes"),
            (_, Unit::Hours) => format!("{amount} hours"),
            (_, Unit::Days) => format!("{amount} days"),
        }
    }

    fn device(&self, browser: Option<&str>, system: Option<&str>) -> String {
        match (browser, system) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => "unknown".to_owned(),
        }
    }

    fn words(&self, kind: Kind) -> Words {
        match kind {
            Kind::ConfirmRegistration => Words {
                subject: "Confirm your registration",
                paragraphs: &[
                    "Somebody, probably you, is registering at {app} with this e-mail address. There is no account until you confirm that the address is yours.",
                ],
                link: Some(Link { intro: "To confirm, open this page:", button: "Confirm registration" }),
                code: Some("where you registered"),
                not_you: Some(
                    "If you did not register, ignore this mail: no account will be made. Do not give the link or the code to anybody.",
                ),
            },
            Kind::AddressTaken => Words {
                subject: "You already have an account",
                paragraphs: &[
                    "Somebody, perhaps you, tried to register at {app} with this e-mail address. It already has an account, so no other one was made. Sign in as usual.",
                    "If you have forgotten your password, you can set a new one.",
                ],
                link: Some(Link { intro: "To set a new password, open this page:", button: "Set a new password" }),
                code: None,
                not_you: Some(
                    "If this was not you, there is nothing to do: your account is unchanged, and nobody got into it. Do not give the link to anybody.",
                ),
            },
            Kind::ConfirmEmail => Words {
                subject: "Confirm your e-mail address",
                paragraphs: &["An account at {app} has this e-mail address. Please confirm that the address is yours."],
                link: Some(Link { intro: "To confirm, open this page:", button: "Confirm address" }),
                code: Some("where you were asked for it"),
                not_you: Some(
                    "If you have no account at {app}, ignore this mail, and do not give the link or the code to anybody.",
                ),
            },
            Kind::SignIn => Words {
                subject: "Sign in",
                paragraphs: &["Somebody, probably you, wants to sign in at {app} with this e-mail address."],
                link: Some(Link { intro: "To sign in, open this page:", button: "Sign in" }),
                code: Some("on the device on which you want to sign in"),
                not_you: Some(
                    "If this was not you, ignore this mail. Do not give the link or the code to anybody: whoever has one of them gets into your account.",
                ),
            },
            Kind::ResetPassword => Words {
                subject: "Reset your password",
                paragraphs: &["Somebody, probably you, wants to set a new password for your account at {app}."],
                link: Some(Link { intro: "To set a new password, open this page:", button: "Set a new password" }),
                code: Some("where you asked for a new password"),
                not_you: Some(
                    "If this was not you, ignore this mail. Do not give the link or the code to anybody: whoever has one of them can take your account.",
                ),
            },
            Kind::PasswordReset => Words {
                subject: "Your password was reset",
                paragraphs: &[
                    "The password of your account at {app} was reset with a mail to this address. All devices were signed out. Sign in with the new password.",
                ],
                link: None,
                code: None,
                not_you: Some(
                    "If this was not you, somebody can probably read your mail. Change the password of your mailbox first, and then reset the one at {app} again.",
                ),
            },
            Kind::ConfirmEmailChange => Words {
                subject: "Confirm your new e-mail address",
                paragraphs: &[
                    "Somebody, probably you, wants to use this e-mail address for an account at {app}. Until you confirm that the address is yours, nothing changes.",
                ],
                link: Some(Link { intro: "To confirm, open this page:", button: "Confirm address" }),
                code: Some("where you changed the address"),
                not_you: Some(
                    "If this was not you, ignore this mail, and do not give the link or the code to anybody.",
                ),
            },
            Kind::EmailChanged => Words {
                subject: "Your e-mail address was changed",
                paragraphs: &[
                    "Your account at {app} has another e-mail address now. Your previous address no longer belongs to it.",
                    "If you made this change, there is nothing to do. If you did not, undo it: the account gets this address back, all devices are signed out, and you set a new password.",
                ],
                link: Some(Link { intro: "To undo the change, open this page:", button: "Undo the change" }),
                code: None,
                not_you: Some("Do not give the link to anybody."),
            },
        }
    }
}
