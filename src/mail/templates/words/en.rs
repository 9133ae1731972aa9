//! English.

use super::{Frame, Language, Link, Unit, Validity, Words};
use crate::clock::Timestamp;
use crate::mail::{Kind, Occasion};

pub(super) struct English;

const FRAME: Frame = Frame {
    new_email: "New address",
    codes_left: "Recovery codes left",
    passkey: "Passkey",
    trusted_until: "Trusted until",
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

/// What to do about a change that only somebody makes who is signed in.
const NOT_YOU_SIGNED_IN: &str = "If this was not you, somebody is signed in to your account. Change the password, sign all other devices out, and undo the change.";

/// The same, of a second factor that was added because a sign-in needed one. It is asked for from then on.
const NOT_YOU_ENROLLED: &str = "If this was not you, somebody else has signed in to the account and done it. You can not undo it yourself. Tell {app}, which can undo it and let you in again.";

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

    fn words(&self, kind: Kind, occasion: Option<Occasion>) -> Words {
        let not_you_who_added = match occasion {
            Some(Occasion::Enrolment) => NOT_YOU_ENROLLED,
            _ => NOT_YOU_SIGNED_IN,
        };
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
            Kind::ResetPassword if occasion == Some(Occasion::Revert) => Words {
                subject: "Set a new password",
                paragraphs: &[
                    "The change of the e-mail address of your account at {app} was undone. All devices were signed out, and the password was removed. So were all recovery codes, and passkeys and authenticator apps that were added lately.",
                    "Set a new password to sign in. Add a second factor again if yours was removed.",
                ],
                link: Some(Link { intro: "To set a new password, open this page:", button: "Set a new password" }),
                code: None,
                not_you: Some("Do not give the link to anybody: whoever has it can take your account."),
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
                    "If this address was not confirmed before, the passkeys, the authenticator app and the recovery codes of the account were removed as well.",
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
                    "If you made this change, there is nothing to do. If you did not, undo it: the account gets this address back, all devices are signed out, and you set a new password. All recovery codes, and passkeys and authenticator apps that were added lately, are removed then.",
                ],
                link: Some(Link { intro: "To undo the change, open this page:", button: "Undo the change" }),
                code: None,
                not_you: Some("Do not give the link to anybody."),
            },
            Kind::AccountRecovered => Words {
                subject: "Get back into your account",
                paragraphs: &[
                    "{app} was asked to let you in again, because you have lost what you sign in with. The password, the passkeys, the authenticator app and the recovery codes of your account were removed, and all devices were signed out.",
                    "Set a new password to sign in. Then add a second factor again.",
                ],
                link: Some(Link { intro: "To set a new password, open this page:", button: "Set a new password" }),
                code: None,
                not_you: Some(
                    "If you did not ask for this, somebody has pretended to be you. Set a new password all the same, and tell {app}. Do not give the link to anybody: whoever has it gets into your account.",
                ),
            },
            Kind::TotpAdded => Words {
                subject: "An authenticator app was added",
                paragraphs: &[
                    "An authenticator app was added to the account at {app} that has this e-mail address. It shows the codes that are asked for besides the password.",
                ],
                link: None,
                code: None,
                not_you: Some(not_you_who_added),
            },
            Kind::TotpRemoved => Words {
                subject: "The authenticator app was removed",
                paragraphs: &[
                    "The authenticator app was removed from the account at {app} that has this e-mail address. Its codes are not asked for any more. Recovery codes go with the last second factor.",
                ],
                link: None,
                code: None,
                not_you: Some(NOT_YOU_SIGNED_IN),
            },
            Kind::RecoveryCodesReplaced => Words {
                subject: "There are new recovery codes",
                paragraphs: &[
                    "The account at {app} that has this e-mail address has new recovery codes. Those of before do not work any more.",
                ],
                link: None,
                code: None,
                not_you: Some(NOT_YOU_SIGNED_IN),
            },
            Kind::RecoveryCodeUsed => Words {
                subject: "A recovery code was used",
                paragraphs: &[
                    "A recovery code of the account at {app} that has this e-mail address was used. It does not work a second time.",
                    "If only a few are left, make new ones before you need them.",
                ],
                link: None,
                code: None,
                not_you: Some(
                    "If this was not you, somebody has your recovery codes and what else you sign in with. Change the password, sign all devices out and make new recovery codes.",
                ),
            },
            Kind::PasskeyAdded => Words {
                subject: "A passkey was added",
                paragraphs: &[
                    "A passkey was added to the account at {app} that has this e-mail address. Whoever has it can sign in with it.",
                ],
                link: None,
                code: None,
                not_you: Some(not_you_who_added),
            },
            Kind::PasskeyRemoved => Words {
                subject: "A passkey was removed",
                paragraphs: &[
                    "A passkey was removed from the account at {app} that has this e-mail address. Nobody can sign in with it any more.",
                ],
                link: None,
                code: None,
                not_you: Some(NOT_YOU_SIGNED_IN),
            },
            Kind::PasskeyRefused => Words {
                subject: "A passkey may have been copied",
                paragraphs: &[
                    "Somebody tried to use a passkey of the account at {app} that has this e-mail address, and it was refused. Its authenticator counts how often it is used, and the count was not higher than the last time. That happens when there is a copy of the passkey.",
                    "Remove the passkey from your account, and add a new one.",
                ],
                link: None,
                code: None,
                not_you: Some("If this was not you, somebody may have a copy of the passkey. Remove it soon."),
            },
            Kind::DeviceTrusted => Words {
                subject: "A device is trusted from now on",
                paragraphs: &[
                    "Somebody signed in to the account at {app} that has this e-mail address and had the device remembered. On it no second factor is asked for besides the password until the time below.",
                ],
                link: None,
                code: None,
                not_you: Some(
                    "If this was not you, somebody has your password and your second factor. Change the password: that ends the trust in all devices, and sign all other devices out.",
                ),
            },
        }
    }
}
