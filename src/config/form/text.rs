//! Texts: any, those that a function reads, secrets, and the names of files.

use std::ffi::OsStr;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{Form, Kind, Reader, Shape, Subject};

#[derive(Clone)]
pub(in super::super) struct Text<T> {
    kind: Kind,
    read: fn(&str) -> Result<T, String>,
    stand_in: T,
}

/// Any text.
pub(in super::super) fn text() -> Reader<Text<String>> {
    text_of(|text| Ok(text.to_owned()), String::new())
}

/// A text that `read` reads. It tells what is wrong with one in a sentence.
pub(in super::super) fn text_of<T: Clone + Send + Sync + 'static>(
    read: fn(&str) -> Result<T, String>,
    stand_in: T,
) -> Reader<Text<T>> {
    Reader(Text { kind: Kind::Text, read, stand_in })
}

/// A text that is wiped from memory after use.
pub(in super::super) fn secret() -> Reader<Text<Zeroizing<String>>> {
    let read = |text: &str| Ok(Zeroizing::new(text.to_owned()));
    Reader(Text { kind: Kind::Secret, read, stand_in: Zeroizing::default() })
}

impl<T: Clone + Send + Sync + 'static> Form for Text<T> {
    type Value = T;

    fn read(&self, text: &str, _: Subject) -> Result<T, Vec<String>> {
        (self.read)(text).map_err(|why| vec![why])
    }

    fn stand_in(&self) -> T {
        self.stand_in.clone()
    }

    fn shape(&self) -> Shape {
        Shape::new(self.kind, [])
    }
}

#[derive(Clone)]
pub(in super::super) struct FileName;

/// The name of a file or a directory, which need not be UTF-8.
pub(in super::super) fn file_name() -> Reader<FileName> {
    Reader(FileName)
}

impl Form for FileName {
    type Value = PathBuf;

    fn read(&self, text: &str, _: Subject) -> Result<PathBuf, Vec<String>> {
        Ok(PathBuf::from(text))
    }

    fn read_raw(&self, value: &OsStr) -> Result<PathBuf, Vec<String>> {
        Ok(PathBuf::from(value))
    }

    fn stand_in(&self) -> PathBuf {
        PathBuf::new()
    }

    fn shape(&self) -> Shape {
        Shape::new(Kind::File, [])
    }
}
