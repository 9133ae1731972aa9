//! How the values of settings are written. A form reads a text, knows its bounds, and tells them to the help and to the docs.

mod bounded;
mod choice;
mod list;
mod reader;
mod shape;
mod subject;
mod text;

pub(super) use bounded::{Quantity, duration, measure, number};
pub(super) use choice::{Named, choice, switch};
pub(super) use list::list;
pub(super) use reader::{Given, Reader};
pub use shape::{Kind, Shape};
pub(super) use subject::Subject;
pub(super) use text::{file_name, secret, text, text_of};

use std::ffi::OsStr;

/// One way of writing a value.
pub(super) trait Form: Clone + Send + Sync + 'static {
    /// What is written.
    type Value: Clone + Send + Sync + 'static;

    /// Reads a text that is not empty and has no spaces around it.
    ///
    /// # Errors
    /// What is wrong with it, a sentence for each fault.
    fn read(&self, text: &str, subject: Subject) -> Result<Self::Value, Vec<String>>;

    /// Reads what is not UTF-8.
    ///
    /// # Errors
    /// Unless the form takes it.
    fn read_raw(&self, _value: &OsStr) -> Result<Self::Value, Vec<String>> {
        Err(vec!["it is not text in UTF-8".to_owned()])
    }

    /// A harmless value with which a start that fails anyway goes on looking for faults.
    fn stand_in(&self) -> Self::Value;

    /// What can be written.
    fn shape(&self) -> Shape;
}
