//! German.

use super::{Frame, Language, Link, Unit, Validity, Words};
use crate::clock::Timestamp;
use crate::mail::Kind;

pub(super) struct German;

const FRAME: Frame = Frame {
    new_email: "Neue Adresse",
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

    fn words(&self, kind: Kind) -> Words {
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
                    "Falls Sie das selbst waren, müssen Sie nichts tun. Falls nicht, machen Sie die Änderung rückgängig: Das Konto erhält diese Adresse zurück, alle Geräte werden abgemeldet, und Sie legen ein neues Passwort fest.",
                ],
                link: Some(Link {
                    intro: "Öffnen Sie diese Seite, um die Änderung rückgängig zu machen:",
                    button: "Änderung rückgängig machen",
                }),
                code: None,
                not_you: Some("Geben Sie den Link nicht weiter."),
            },
        }
    }
}
