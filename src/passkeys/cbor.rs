//! Reading CBOR (RFC 8949) of strangers: bounded in depth, and each key of a map once.

use coset::cbor::Value;
use coset::cbor::de::from_reader_with_recursion_limit;

/// What we read has three levels.
const DEPTH: usize = 16;

/// It is no CBOR, or not of the form that was expected.
#[derive(Debug)]
pub(super) struct NotCbor;

/// Reads the item with which `bytes` begin. Returns it with the bytes that it takes.
pub(super) fn first(bytes: &[u8]) -> Result<(Value, usize), NotCbor> {
    let mut rest = bytes;
    let value = from_reader_with_recursion_limit(&mut rest, DEPTH).map_err(|_| NotCbor)?;
    Ok((value, bytes.len() - rest.len()))
}

/// Reads a map whose keys are texts, which is all that `bytes` are.
pub(super) fn map(bytes: &[u8]) -> Result<Vec<(String, Value)>, NotCbor> {
    let (value, length) = first(bytes)?;
    if length != bytes.len() {
        return Err(NotCbor);
    }
    entries(value)
}

/// The entries of a map whose keys are texts.
pub(super) fn entries(value: Value) -> Result<Vec<(String, Value)>, NotCbor> {
    let mut entries: Vec<(String, Value)> = Vec::new();
    for (key, value) in value.into_map().map_err(|_| NotCbor)? {
        let key = key.into_text().map_err(|_| NotCbor)?;
        if entries.iter().any(|(known, _)| *known == key) {
            return Err(NotCbor);
        }
        entries.push((key, value));
    }
    Ok(entries)
}

/// Takes an entry out.
pub(super) fn take(entries: &mut Vec<(String, Value)>, key: &str) -> Option<Value> {
    let place = entries.iter().position(|(known, _)| known == key)?;
    Some(entries.swap_remove(place).1)
}
