//! Reading the directory of templates.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use strum::VariantArray;

use super::Part;
use crate::mail::{Kind, Locale};

/// Longest file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// The most files.
const MAX_FILES: usize = 2000;

/// What a directory has.
#[derive(Default)]
pub(super) struct Files {
    pub(super) templates: Vec<Source>,
    /// The languages that have a folder.
    pub(super) languages: BTreeSet<Locale>,
}

/// A file with a template.
pub(super) struct Source {
    /// Its path below the directory, with `/` between the parts.
    pub(super) name: String,
    pub(super) text: String,
}

/// Reads `<language>/<kind>.<part>`, and in each folder what begins with `_`, which other templates include.
///
/// # Errors
/// Every fault, each as a line with its file.
pub(super) fn files(directory: &Path) -> Result<Files, Vec<String>> {
    let mut files = Files::default();
    let mut faults = Vec::new();
    if fs::metadata(directory).is_ok_and(|metadata| may_be_changed_by_all(&metadata)) {
        faults.push(format!("{}: {CHANGED_BY_ALL}", directory.display()));
    }
    for entry in entries(directory, &mut faults) {
        let (path, name) = (entry.path(), entry.file_name());
        let place = path.display();
        let name = name.to_string_lossy();
        match look(&entry) {
            Err(why) => faults.push(format!("{place}: {why}")),
            Ok(metadata) if metadata.is_dir() => match Locale::parse(&name) {
                Some(locale) if locale.as_str() == name => {
                    folder(&path, &locale, &mut files, &mut faults);
                    files.languages.insert(locale);
                }
                Some(locale) => faults.push(format!("{place}: name it {}, in lower case", locale.as_str())),
                None => faults.push(format!("{place}: its name is no language tag, such as de or pt-br")),
            },
            Ok(_) if is_shared(&name) => files.take(&path, name.into_owned(), &mut faults),
            Ok(_) => faults.push(format!(
                "{place}: templates stand in a folder for each language, and what they share begins with _ and ends with .html or .txt"
            )),
        }
    }
    if faults.is_empty() { Ok(files) } else { Err(faults) }
}

fn folder(directory: &Path, locale: &Locale, files: &mut Files, faults: &mut Vec<String>) {
    for entry in entries(directory, faults) {
        let (path, name) = (entry.path(), entry.file_name());
        let place = path.display();
        let name = name.to_string_lossy();
        match look(&entry) {
            Err(why) => faults.push(format!("{place}: {why}")),
            Ok(metadata) if metadata.is_dir() => faults.push(format!("{place}: it is a folder")),
            Ok(_) if is_template(&name) || is_shared(&name) => {
                files.take(&path, format!("{}/{name}", locale.as_str()), faults);
            }
            Ok(_) => {
                let kinds: Vec<_> = Kind::VARIANTS.iter().map(|kind| kind.as_str()).collect();
                faults.push(format!(
                    "{place}: its name is none of <kind>.subject, <kind>.txt and <kind>.html, where the kind is one of {}",
                    kinds.join(", ")
                ));
            }
        }
    }
}

/// What is in a folder, in the order of the names.
fn entries(directory: &Path, faults: &mut Vec<String>) -> Vec<DirEntry> {
    let read = || -> io::Result<Vec<DirEntry>> {
        let mut entries = fs::read_dir(directory)?.take(MAX_FILES).collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(DirEntry::file_name);
        Ok(entries)
    };
    match read() {
        Ok(entries) if entries.len() < MAX_FILES => entries,
        Ok(_) => {
            faults.push(format!("{}: it has too many files", directory.display()));
            Vec::new()
        }
        Err(error) => {
            faults.push(format!("{}: can't be read: {error}", directory.display()));
            Vec::new()
        }
    }
}

/// What stands there, if it may be read. A symbolic link is not followed.
fn look(entry: &DirEntry) -> Result<Metadata, String> {
    let metadata = entry.metadata().map_err(|error| format!("can't be read: {error}"))?;
    if metadata.is_symlink() {
        return Err("it is a symbolic link, which could lead out of the directory: put a copy there".to_owned());
    }
    if !metadata.is_file() && !metadata.is_dir() {
        return Err("it is neither a file nor a folder".to_owned());
    }
    if may_be_changed_by_all(&metadata) {
        return Err(CHANGED_BY_ALL.to_owned());
    }
    Ok(metadata)
}

const CHANGED_BY_ALL: &str = "all users of this machine may change it: chmod o-w";

fn may_be_changed_by_all(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o002 != 0
}

impl Files {
    fn take(&mut self, path: &Path, name: String, faults: &mut Vec<String>) {
        match text(path) {
            Ok(text) => self.templates.push(Source { name, text }),
            Err(why) => faults.push(format!("{}: {why}", path.display())),
        }
    }
}

fn text(path: &Path) -> Result<String, String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| format!("can't be read: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8")?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

fn is_template(name: &str) -> bool {
    name.split_once('.').is_some_and(|(kind, extension)| {
        kind.parse::<Kind>().is_ok() && Part::VARIANTS.iter().any(|part| part.extension() == extension)
    })
}

/// Whether the file is there to be included by others.
fn is_shared(name: &str) -> bool {
    name.starts_with('_') && (name.ends_with(".html") || name.ends_with(".txt"))
}
