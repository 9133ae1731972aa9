//! What the file of settings says, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::values::text_of;
use crate::config::form::{Kind, Shape};
use crate::config::names::{nearest, shown};
use crate::config::small_file::SmallFile;

/// The id of the argument that names the file.
pub(in crate::config) const ID: &str = "config";

/// More than any file of settings has.
const MAX_BYTES: u64 = 1024 * 1024;

/// Most faults of the syntax that are told. One that is missing a quote may cause many.
const MAX_SYNTAX_FAULTS: usize = 10;

/// Most keys that are told as unknown.
const MAX_UNKNOWN: usize = 50;

#[derive(Default)]
pub(super) struct Contents {
    /// The value of each setting by the id of its argument, as a flag would have it.
    pub(super) values: BTreeMap<String, String>,
    /// The places of those that neither a flag nor a variable sets, by their variables.
    pub(super) places: BTreeMap<String, String>,
    /// What is wrong.
    pub(super) faults: Vec<String>,
    /// The settings whose values can't be taken.
    pub(super) faulty: BTreeSet<String>,
    /// Whether there may be more settings in the file than could be read.
    pub(super) is_incomplete: bool,
}

/// A file that was read, with its faults and their lines.
struct File {
    path: PathBuf,
    source: SmallFile,
    /// Where each line but the first begins.
    line_starts: Vec<usize>,
    /// How many keys are not known.
    unknown: usize,
    faults: Vec<(usize, String)>,
}

impl Contents {
    pub(super) fn read(path: &Path, settings: &[Arg], matches: &ArgMatches) -> Self {
        match SmallFile::read(path.to_owned(), MAX_BYTES) {
            Ok(source) => {
                File { path: path.to_owned(), source, line_starts: Vec::new(), unknown: 0, faults: Vec::new() }
                    .contents(settings, matches)
            }
            Err(why) => {
                let fault = format!("PORTCULLIS_CONFIG: {} {why}", shown(path.as_os_str()));
                Self { faults: vec![fault], is_incomplete: true, ..Self::default() }
            }
        }
    }
}

impl File {
    fn contents(mut self, settings: &[Arg], matches: &ArgMatches) -> Contents {
        let mut contents = Contents::default();
        if self.source.is_writable_by_all {
            let fault = "PORTCULLIS_CONFIG: all users of the machine may change this file: take that right away";
            self.faults.push((0, format!("{fault} from {}", shown(self.path.as_os_str()))));
        }
        let settings: Vec<_> = settings.iter().filter(|arg| arg.get_id() != ID).collect();
        let text = self.source.text.clone();
        self.line_starts = text.match_indices('\n').map(|(place, _)| place + 1).collect();
        let (table, errors) = DeTable::parse_recoverable(&text);
        contents.is_incomplete = !errors.is_empty();
        let at_fault: Vec<_> = errors.iter().filter_map(|error| Some(self.line(error.span()?.start))).collect();
        self.tell_syntax(&errors);
        for (key, value) in table.get_ref() {
            let lines = self.line(key.span().start)..=self.line(value.span().end.max(1) - 1);
            if at_fault.iter().any(|line| lines.contains(line)) {
                continue;
            }
            let Some(arg) = settings.iter().find(|arg| arg.get_long() == Some(key.get_ref())) else {
                self.tell_unknown(*lines.start(), key.get_ref(), value.get_ref(), &settings);
                continue;
            };
            self.take(&mut contents, arg, *lines.start(), value, matches);
        }
        self.faults.sort();
        contents.faults = self.faults.into_iter().map(|(_, fault)| fault).collect();
        contents
    }

    fn take(
        &mut self,
        contents: &mut Contents,
        arg: &Arg,
        line: usize,
        value: &Spanned<DeValue<'_>>,
        matches: &ArgMatches,
    ) {
        let (id, key) = (arg.get_id().as_str(), arg.get_long().unwrap_or_default());
        let Some(kind) = Shape::of(arg).map(|shape| shape.kind) else { return };
        if kind == Kind::Secret && self.source.is_readable_by_all {
            let why = format!(
                "it is a secret in a file that all users of the machine may read: take that right away, or let {key}-file name a file of its own"
            );
            self.tell(line, key, &why);
        }
        let text = match text_of(kind, value.get_ref()) {
            Ok(text) => text,
            Err(why) => {
                contents.faulty.insert(key.to_owned());
                return self.tell(line, key, &why);
            }
        };
        if text.trim().is_empty() {
            return;
        }
        contents.values.insert(id.to_owned(), text);
        if let Some(variable) = arg.get_env().and_then(|name| name.to_str())
            && !is_set(matches, id)
        {
            contents.places.insert(variable.to_owned(), self.place(line, key));
        }
    }

    /// The parser's words never repeat the file's, and neither do we: a secret may stand in any line.
    fn tell_syntax(&mut self, errors: &[Error]) {
        for error in errors.iter().take(MAX_SYNTAX_FAULTS) {
            let span = error.span().unwrap_or_default();
            let line = self.line(span.start);
            match self.source.text.get(span) {
                Some(key) if error.message() == "duplicate key" => {
                    let key = shown(key.trim_matches(['"', '\'']).as_ref());
                    self.tell(line, &key, "it stands in the file twice");
                }
                _ => {
                    let fault = format!("{}:{line}: it is not TOML: {}", shown(self.path.as_os_str()), error.message());
                    self.faults.push((line, fault));
                }
            }
        }
    }

    fn tell_unknown(&mut self, line: usize, key: &str, value: &DeValue<'_>, settings: &[&Arg]) {
        self.unknown += 1;
        if self.unknown > MAX_UNKNOWN {
            return;
        }
        let shown_key = shown(key.as_ref());
        if key == ID {
            return self.tell(line, &shown_key, "a file of settings names no other");
        }
        let keys: Vec<_> = settings.iter().filter_map(|arg| arg.get_long()).collect();
        if value.is_table() {
            return self.tell(line, &shown_key, "it is no setting, and settings stand in no table");
        }
        self.tell(line, &shown_key, &format!("it is no setting; the nearest is {}", nearest(&shown_key, &keys)));
    }

    fn tell(&mut self, line: usize, key: &str, why: &str) {
        let fault = format!("{}: {why}", self.place(line, key));
        self.faults.push((line, fault));
    }

    fn place(&self, line: usize, key: &str) -> String {
        format!("{}:{line}: {key}", shown(self.path.as_os_str()))
    }

    /// The line of a byte, from 1.
    fn line(&self, byte: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= byte) + 1
    }
}

/// Whether a flag or a variable sets it.
fn is_set(matches: &ArgMatches, id: &str) -> bool {
    let is_explicit = matches.value_source(id).is_some_and(|source| source != ValueSource::DefaultValue);
    let mut raw = matches.get_raw(id).into_iter().flatten();
    is_explicit && raw.any(|value| value.to_str().is_none_or(|text| !text.trim().is_empty()))
}
