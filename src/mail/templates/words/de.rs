//! German.

use super::{Frame, Language, Link, Unit, Validity, Words};
use crate::clock::Timestamp;
use crate::mail::{Kind, Occasion};

pub(super) struct German;

const FRAME: Frame = Frame {
    new_email: "Neue Adresse",
    codes_left: "Verbleibende Wiederherstellungscodes",
    passkey: "Passkey",
    trusted_until: "Vertraut bis",
    link_instead: "Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Seite:",
    link_valid: Validity {
        period: "Der Link gilt {period} lang, bis zum {until}.",
        until: "Der Link gilt bis zum {until}.",
    },
    code_after_link: "Oder geben Sie {where} diesen Code ein:",
    code_alone: "Geben Sie {where} diesen Code ein:",
    code_valid: Validity {
        period: "Der Code gilt {period} lang, bis zum {until}.",
        until: "Der Code gilt bis zum {until}.",
    },
    code_warning: "Geben Sie diesen Code niemals weiter. {app} fragt Sie weder am Telefon noch im Chat oder per E-Mail danach.",
    origin: "Die Anfrage kam von:",
    device: "Gerät",
    ip_address: "IP-Adresse",
    time: "Zeitpunkt",
};

/// What to do about a change that only somebody makes who is signed in.
const NOT_YOU_SIGNED_IN: &str = "Falls Sie das nicht waren, ist jemand in Ihrem Konto angemeldet. Ändern Sie das Passwort, melden Sie alle anderen Geräte ab, und machen Sie die Änderung rückgängig.";

/// The same, of a second factor that was added because a sign-in needed one. It is asked for from then on.
const NOT_YOU_ENROLLED: &str = "Falls Sie das nicht waren, hat sich jemand anderes in dem Konto angemeldet und das getan. Sie können es nicht selbst rückgängig machen. Sagen Sie {app} Bescheid: Dort kann man es rückgängig machen und Sie wieder einlassen.";

impl Language for German {
    fn tag(&self) -> &'static str {
        "de"
    }

    fn frame(&self) -> &'static Frame {
        &FRAME
    }

    fn time(&self, time: Timestamp) -> String {
        time.format("%d.%m.%Y um %H:%M Uhr UTC").to_string()
    }

    fn duration(&self, amount: i64, unit: Unit) -> String {
        match (amount, unit) {
            (1, Unit::Minutes) => "eine Minute".to_owned(),
            (1, Unit::Hours) => "eine Stunde".to_owned(),
            (1, Unit::Days) => "einen Tag".to_owned(),
            (_, Unit::Minutes) => format!("{amount} Minuten"),
            (_, Unit::Hours) => format!("{amount} Stunden"),
            (_, Unit::Days) => format!("{amount} Tage"),
        }
    }

    fn device(&self, browser: Option<&str>, system: Option<&str>) -> String {
        match (browser, system) {
            (Some(browser), Some(system @ ("iPhone" | "iPad"))) => format!("{browser} auf {system}"),
            (Some(browser), Some(system)) => format!("{browser} unter {system}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => "unbekannt".to_owned(),
        }
    }

    fn words(&self, kind: Kind, occasion: Option<Occasion>) -> Words {
        let not_you_who_added = match occasion {
            Some(Occasion::Enrolment) => NOT_YOU_ENROLLED,
            _ => NOT_YOU_SIGNED_IN,
        };
        match kind {
            Kind::ConfirmRegistration => Words {
                subject: "Bestätigen Sie Ihre Registrierung",
                paragraphs: &[
                    "Jemand, vermutlich Sie selbst, registriert sich gerade mit dieser E-Mail-Adresse bei {app}. Das Konto wird erst angelegt, wenn Sie bestätigen, dass die Adresse Ihnen gehört.",
                ],
                link: Some(Link {
                    intro: "Öffnen Sie zum Bestätigen diese Seite:",
                    button: "Registrierung bestätigen",
                }),
                code: Some("dort, wo Sie sich registriert haben,"),
                not_you: Some(
                    "Falls Sie sich nicht registriert haben, ignorieren Sie diese E-Mail: Es wird kein Konto angelegt. Geben Sie weder den Link noch den Code weiter.",
                ),
            },
            Kind::AddressTaken => Words {
                subject: "Sie haben bereits ein Konto",
                paragraphs: &[
                    "Jemand, vielleicht Sie selbst, wollte sich mit dieser E-Mail-Adresse bei {app} registrieren. Zu der Adresse gibt es bereits ein Konto, deshalb wurde kein weiteres angelegt. Melden Sie sich einfach wie gewohnt an.",
                    "Falls Sie Ihr Passwort vergessen haben, können Sie ein neues festlegen.",
                ],
                link: Some(Link {
                    intro: "Öffnen Sie diese Seite, um ein neues Passwort festzulegen:",
                    button: "Neues Passwort festlegen",
                }),
                code: None,
                not_you: Some(
                    "Falls Sie das nicht waren, müssen Sie nichts tun: Ihr Konto ist unverändert, und niemand hat Zugang dazu erhalten. Geben Sie den Link nicht weiter.",
                ),
            },
            Kind::ConfirmEmail => Words {
                subject: "Bestätigen Sie Ihre E-Mail-Adresse",
                paragraphs: &[
                    "Für ein Konto bei {app} ist diese E-Mail-Adresse angegeben. Bitte bestätigen Sie, dass die Adresse Ihnen gehört.",
                ],
                link: Some(Link { intro: "Öffnen Sie zum Bestätigen diese Seite:", button: "Adresse bestätigen" }),
                code: Some("dort, wo Sie danach gefragt wurden,"),
                not_you: Some(
                    "Falls Sie kein Konto bei {app} haben, ignorieren Sie diese E-Mail und geben Sie weder den Link noch den Code weiter.",
                ),
            },
            Kind::SignIn => Words {
                subject: "Melden Sie sich an",
                paragraphs: &[
                    "Jemand, vermutlich Sie selbst, möchte sich mit dieser E-Mail-Adresse bei {app} anmelden.",
                ],
                link: Some(Link { intro: "Öffnen Sie zum Anmelden diese Seite:", button: "Anmelden" }),
                code: Some("auf dem Gerät, auf dem Sie sich anmelden möchten,"),
                not_you: Some(
                    "Falls Sie das nicht waren, ignorieren Sie diese E-Mail. Geben Sie weder den Link noch den Code weiter: Wer eines davon hat, kommt in Ihr Konto.",
                ),
            },
            Kind::ResetPassword if occasion == Some(Occasion::Revert) => Words {
                subject: "Legen Sie ein neues Passwort fest",
                paragraphs: &[
                    "Die Änderung der E-Mail-Adresse Ihres Kontos bei {app} wurde rückgängig gemacht. Alle Geräte wurden abgemeldet, und das Passwort wurde entfernt, ebenso alle Wiederherstellungscodes sowie Passkeys und Authenticator-Apps, die vor kurzem hinzugefügt wurden.",
                    "Legen Sie ein neues Passwort fest, um sich anzumelden. Richten Sie wieder einen zweiten Faktor ein, falls Ihrer entfernt wurde.",
                ],
                link: Some(Link {
                    intro: "Öffnen Sie diese Seite, um ein neues Passwort festzulegen:",
                    button: "Neues Passwort festlegen",
                }),
                code: None,
                not_you: Some("Geben Sie den Link nicht weiter: Wer ihn hat, kann Ihr Konto übernehmen."),
            },
            Kind::ResetPassword => Words {
                subject: "Setzen Sie Ihr Passwort zurück",
                paragraphs: &[
                    "Jemand, vermutlich Sie selbst, möchte ein neues Passwort für Ihr Konto bei {app} festlegen.",
                ],
                link: Some(Link {
                    intro: "Öffnen Sie diese Seite, um ein neues Passwort festzulegen:",
                    button: "Neues Passwort festlegen",
                }),
                code: Some("dort, wo Sie ein neues Passwort angefordert haben,"),
                not_you: Some(
                    "Falls Sie das nicht waren, ignorieren Sie diese E-Mail. Geben Sie weder den Link noch den Code weiter: Wer eines davon hat, kann Ihr Konto übernehmen.",
                ),
            },
            Kind::PasswordReset => Words {
                subject: "Ihr Passwort wurde zurückgesetzt",
                paragraphs: &[
                    "Das Passwort Ihres Kontos bei {app} wurde über eine E-Mail an diese Adresse zurückgesetzt. Alle Geräte wurden abgemeldet. Melden Sie sich mit dem neuen Passwort wieder an.",
                    "Falls diese Adresse vorher nicht bestätigt war, wurden auch die Passkeys, die Authenticator-App und die Wiederherstellungscodes des Kontos entfernt.",
                ],
                link: None,
                code: None,
                not_you: Some(
                    "Falls Sie das nicht waren, kann vermutlich jemand Ihre E-Mails lesen. Ändern Sie zuerst das Passwort Ihres Postfachs, und setzen Sie danach das Passwort bei {app} noch einmal zurück.",
                ),
            },
            Kind::ConfirmEmailChange => Words {
                subject: "Bestätigen Sie Ihre neue E-Mail-Adresse",
                paragraphs: &[
                    "Jemand, vermutlich Sie selbst, möchte diese E-Mail-Adresse für ein Konto bei {app} verwenden. Solange Sie nicht bestätigen, dass die Adresse Ihnen gehört, ändert sich nichts.",
                ],
                link: Some(Link { intro: "Öffnen Sie zum Bestätigen diese Seite:", button: "Adresse bestätigen" }),
                code: Some("dort, wo Sie die Adresse geändert haben,"),
                not_you: Some(
                    "Falls Sie das nicht waren, ignorieren Sie diese E-Mail und geben Sie weder den Link noch den Code weiter.",
                ),
            },
            Kind::EmailChanged => Words {
                subject: "Ihre E-Mail-Adresse wurde geändert",
                paragraphs: &[
                    "Ihr Konto bei {app} hat jetzt eine andere E-Mail-Adresse. Ihre bisherige Adresse gehört nicht mehr dazu.",
                    "Falls Sie das selbst waren, müssen Sie nichts tun. Falls nicht, machen Sie die Änderung rückgängig: Das Konto erhält diese Adresse zurück, alle Geräte werden abgemeldet, und Sie legen ein neues Passwort fest. Alle Wiederherstellungscodes sowie Passkeys und Authenticator-Apps, die vor kurzem hinzugefügt wurden, werden dabei entfernt.",
                ],
                link: Some(Link {
                    intro: "Öffnen Sie diese Seite, um die Änderung rückgängig zu machen:",
                    button: "Änderung rückgängig machen",
                }),
                code: None,
                not_you: Some("Geben Sie den Link nicht weiter."),
            },
            Kind::AccountRecovered => Words {
                subject: "So kommen Sie wieder in Ihr Konto",
                paragraphs: &[
                    "{app} wurde gebeten, Sie wieder einzulassen, weil Sie verloren haben, womit Sie sich anmelden. Das Passwort, die Passkeys, die Authenticator-App und die Wiederherstellungscodes Ihres Kontos wurden entfernt, und alle Geräte wurden abgemeldet.",
                    "Legen Sie ein neues Passwort fest, um sich anzumelden. Richten Sie danach wieder einen zweiten Faktor ein.",
                ],
                link: Some(Link {
                    intro: "Öffnen Sie diese Seite, um ein neues Passwort festzulegen:",
                    button: "Neues Passwort festlegen",
                }),
                code: None,
                not_you: Some(
                    "Falls Sie nicht darum gebeten haben, hat sich jemand für Sie ausgegeben. Legen Sie trotzdem ein neues Passwort fest, und sagen Sie {app} Bescheid. Geben Sie den Link nicht weiter: Wer ihn hat, kommt in Ihr Konto.",
                ),
            },
            Kind::TotpAdded => Words {
                subject: "Eine Authenticator-App wurde hinzugefügt",
                paragraphs: &[
                    "Zu dem Konto bei {app} mit dieser E-Mail-Adresse wurde eine Authenticator-App hinzugefügt. Sie zeigt die Codes an, nach denen außer dem Passwort gefragt wird.",
                ],
                link: None,
                code: None,
                not_you: Some(not_you_who_added),
            },
            Kind::TotpRemoved => Words {
                subject: "Die Authenticator-App wurde entfernt",
                paragraphs: &[
                    "Von dem Konto bei {app} mit dieser E-Mail-Adresse wurde die Authenticator-App entfernt. Nach ihren Codes wird nicht mehr gefragt. Die Wiederherstellungscodes verfallen mit dem letzten zweiten Faktor.",
                ],
                link: None,
                code: None,
                not_you: Some(NOT_YOU_SIGNED_IN),
            },
            Kind::RecoveryCodesReplaced => Words {
                subject: "Es gibt neue Wiederherstellungscodes",
                paragraphs: &[
                    "Das Konto bei {app} mit dieser E-Mail-Adresse hat neue Wiederherstellungscodes. Die bisherigen funktionieren nicht mehr.",
                ],
                link: None,
                code: None,
                not_you: Some(NOT_YOU_SIGNED_IN),
            },
            Kind::RecoveryCodeUsed => Words {
                subject: "Ein Wiederherstellungscode wurde verwendet",
                paragraphs: &[
                    "Ein Wiederherstellungscode des Kontos bei {app} mit dieser E-Mail-Adresse wurde verwendet. Er funktioniert kein zweites Mal.",
                    "Falls nur noch wenige übrig sind, erstellen Sie neue, bevor Sie sie brauchen.",
                ],
                link: None,
                code: None,
                not_you: Some(
                    "Falls Sie das nicht waren, hat jemand Ihre Wiederherstellungscodes und auch das, womit Sie sich sonst anmelden. Ändern Sie das Passwort, melden Sie alle Geräte ab, und erstellen Sie neue Wiederherstellungscodes.",
                ),
            },
            Kind::PasskeyAdded => Words {
                subject: "Ein Passkey wurde hinzugefügt",
                paragraphs: &[
                    "Zu dem Konto bei {app} mit dieser E-Mail-Adresse wurde ein Passkey hinzugefügt. Wer ihn hat, kann sich damit anmelden.",
                ],
                link: None,
                code: None,
                not_you: Some(not_you_who_added),
            },
            Kind::PasskeyRemoved => Words {
                subject: "Ein Passkey wurde entfernt",
                paragraphs: &[
                    "Von dem Konto bei {app} mit dieser E-Mail-Adresse wurde ein Passkey entfernt. Niemand kann sich mehr damit anmelden.",
                ],
                link: None,
                code: None,
                not_you: Some(NOT_YOU_SIGNED_IN),
            },
            Kind::PasskeyRefused => Words {
                subject: "Ein Passkey wurde möglicherweise kopiert",
                paragraphs: &[
                    "Jemand wollte einen Passkey des Kontos bei {app} mit dieser E-Mail-Adresse verwenden, und er wurde abgelehnt. Das Gerät mit dem Passkey zählt, wie oft er verwendet wird, und die Zahl war nicht höher als beim letzten Mal. Das geschieht, wenn es eine Kopie des Passkeys gibt.",
                    "Entfernen Sie den Passkey aus Ihrem Konto, und fügen Sie einen neuen hinzu.",
                ],
                link: None,
                code: None,
                not_you: Some(
                    "Falls Sie das nicht waren, hat jemand vielleicht eine Kopie des Passkeys. Entfernen Sie ihn bald.",
                ),
            },
            Kind::DeviceTrusted => Words {
                subject: "Einem Gerät wird ab jetzt vertraut",
                paragraphs: &[
                    "Jemand hat sich in dem Konto bei {app} mit dieser E-Mail-Adresse angemeldet und das Gerät merken lassen. Auf ihm wird bis zu dem unten genannten Zeitpunkt außer dem Passwort nach keinem zweiten Faktor gefragt.",
                ],
                link: None,
                code: None,
                not_you: Some(
                    "Falls Sie das nicht waren, hat jemand Ihr Passwort und Ihren zweiten Faktor. Ändern Sie das Passwort, denn das beendet das Vertrauen in alle Geräte, und melden Sie alle anderen Geräte ab.",
                ),
            },
        }
    }
}
