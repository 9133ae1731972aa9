//! Several texts, separated by commas.

use super::{Form, Kind, Reader, Shape, Subject};

#[derive(Clone)]
pub(in super::super) struct List<T> {
    read: fn(&str) -> Result<T, String>,
}

/// Items that `read` reads. It tells what is wrong with one as the rest of a sentence that begins with the item.
pub(in super::super) fn list<T: Clone + Send + Sync + 'static>(read: fn(&str) -> Result<T, String>) -> Reader<List<T>> {
    Reader(List { read })
}

impl<T: Clone + Send + Sync + 'static> Form for List<T> {
    type Value = Vec<T>;

    fn read(&self, text: &str, subject: Subject) -> Result<Vec<T>, Vec<String>> {
        let (mut items, mut faults) = (Vec::new(), Vec::new());
        for (place, item) in text.split(',').map(str::trim).enumerate().filter(|(_, item)| !item.is_empty()) {
            match (self.read)(item) {
                Ok(item) => items.push(item),
                Err(why) => faults.push(format!("{} {why}", subject.item(place, item))),
            }
        }
        if faults.is_empty() { Ok(items) } else { Err(faults) }
    }

    fn stand_in(&self) -> Vec<T> {
        Vec::new()
    }

    fn shape(&self) -> Shape {
        Shape::new(Kind::List, [])
    }
}
