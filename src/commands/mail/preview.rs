//! `portcullis mail preview`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use portcullis::StartError;
use portcullis::config::Settings;
use portcullis::mail::{Kind, Preview as Rendering, previews};
use strum::VariantArray;

use crate::serve::{Outcome, checked, say};

/// What is shown, and where.
#[derive(Args, Clone)]
pub(crate) struct Preview {
    /// The language, as a tag such as de or pt-BR [default: all that have templates].
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// The kind of mail [default: all].
    #[arg(long, value_parser = kind())]
    kind: Option<Kind>,
    /// Write <language>/<kind>.subject, .txt and .html into this directory, instead of printing the plain text.
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,
}

impl Preview {
    /// Shows it.
    pub(crate) fn run(self, settings: &Settings) -> Outcome {
        let Self { locale, kind, out } = self;
        let config = checked(settings)?.mail;
        let previews = previews(&config, locale.as_deref(), kind).map_err(StartError::of)?;
        match out {
            Some(out) => write(&previews, &out, config.templates.as_deref()),
            None => {
                say(&previews.iter().map(shown).collect::<Vec<_>>().join("\n"));
                Ok(())
            }
        }
    }
}

fn kind() -> impl TypedValueParser<Value = Kind> {
    let names = Kind::VARIANTS.iter().map(|kind| kind.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Kind>())
}

fn shown(Rendering { locale, kind, rendered }: &Rendering) -> String {
    format!("==== {locale}/{kind}\nSubject: {}\n\n{}", rendered.subject, rendered.text)
}

fn write(previews: &[Rendering], directory: &Path, templates: Option<&Path>) -> Outcome {
    fs::create_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let is_same = |templates: &Path| Some(templates.canonicalize().ok()? == directory.canonicalize().ok()?);
    if templates.and_then(is_same).unwrap_or_default() {
        return Err("--out names the directory of PORTCULLIS_MAIL_TEMPLATES, whose templates it would overwrite".into());
    }
    for Rendering { locale, kind, rendered } in previews {
        let folder = directory.join(locale);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let subject = format!("{}\n", rendered.subject);
        for (extension, text) in [("subject", &subject), ("txt", &rendered.text), ("html", &rendered.html)] {
            let file = folder.join(format!("{kind}.{extension}"));
            fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    say(&format!("Wrote {} mails into {}.\n", previews.len(), directory.display()));
    Ok(())
}
