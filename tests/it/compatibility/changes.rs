//! Changes of a schema that clients notice: those that graphql-js calls breaking or dangerous, in its words, and more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_graphql::Positioned;
use async_graphql::parser::types::{
    DirectiveDefinition, FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind,
};

use super::types::{Schema, default, directives, fields, inputs, is_required, kind, may_be_read, may_be_sent};

/// Changes that graphql-js does not look at.
pub(super) const MORE: [&str; 2] = ["DIRECTIVES_CHANGED", "INPUT_FIELD_DEFAULT_VALUE_CHANGE"];

/// Changes that clients may notice and go on. All others break them; that of a directive may ask for more than before.
const DANGEROUS: [&str; 7] = [
    "ARG_DEFAULT_VALUE_CHANGE",
    "IMPLEMENTED_INTERFACE_ADDED",
    "OPTIONAL_ARG_ADDED",
    "OPTIONAL_INPUT_FIELD_ADDED",
    "TYPE_ADDED_TO_UNION",
    "VALUE_ADDED_TO_ENUM",
    MORE[1],
];

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// What kind of change it is.
    pub(super) kind: &'static str,
    text: String,
    /// The names of what is changed.
    pub(super) names: Vec<String>,
}

impl Change {
    /// Whether it breaks clients, so that what they send is refused, or what they read is not there.
    pub(super) fn is_breaking(&self) -> bool {
        !DANGEROUS.contains(&self.kind)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.text)
    }
}

/// The changes between two schemas.
pub(super) fn changes(old: &str, new: &str) -> Vec<Change> {
    let (old, new) = (Schema::read(old).expect("a schema"), Schema::read(new).expect("a schema"));
    let mut found = Found::default();
    for (name, old) in &old.types {
        match new.types.get(name) {
            None => found.add("TYPE_REMOVED", &[name], format!("{name} was removed.")),
            Some(new) => found.of_type(name, old, new),
        }
    }
    for (name, old) in &old.directives {
        match new.directives.get(name) {
            None => found.add("DIRECTIVE_REMOVED", &[name], format!("{name} was removed.")),
            Some(new) => found.of_directive(name, old, new),
        }
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<Change>);

impl Found {
    fn add(&mut self, kind: &'static str, names: &[&str], text: String) {
        self.0.push(Change { kind, text, names: names.iter().map(|name| (*name).to_owned()).collect() });
    }

    fn of_type(&mut self, name: &str, old: &TypeDefinition, new: &TypeDefinition) {
        if directives(&old.directives) != directives(&new.directives) {
            self.add(MORE[0], &[name], format!("{name} has other directives."));
        }
        match (&old.kind, &new.kind) {
            (TypeKind::Enum(old), TypeKind::Enum(new)) => {
                let (old, new) =
                    (names(&old.values, |value| &value.value.node), names(&new.values, |value| &value.value.node));
                for value in new.difference(&old) {
                    self.add("VALUE_ADDED_TO_ENUM", &[value, name], format!("{value} was added to enum type {name}."));
                }
                for value in old.difference(&new) {
                    self.add(
                        "VALUE_REMOVED_FROM_ENUM",
                        &[value, name],
                        format!("{value} was removed from enum type {name}."),
                    );
                }
            }
            (TypeKind::Union(old), TypeKind::Union(new)) => {
                let (old, new) = (names(&old.members, |member| member), names(&new.members, |member| member));
                for member in new.difference(&old) {
                    self.add(
                        "TYPE_ADDED_TO_UNION",
                        &[member, name],
                        format!("{member} was added to union type {name}."),
                    );
                }
                for member in old.difference(&new) {
                    let text = format!("{member} was removed from union type {name}.");
                    self.add("TYPE_REMOVED_FROM_UNION", &[member, name], text);
                }
            }
            (TypeKind::InputObject(old), TypeKind::InputObject(new)) => self.of_input(name, &old.fields, &new.fields),
            (TypeKind::Object(old), TypeKind::Object(new)) => {
                self.of_fields(name, &old.fields, &new.fields);
                self.of_interfaces(name, &names(&old.implements, |one| one), &names(&new.implements, |one| one));
            }
            (TypeKind::Interface(old), TypeKind::Interface(new)) => {
                self.of_fields(name, &old.fields, &new.fields);
                self.of_interfaces(name, &names(&old.implements, |one| one), &names(&new.implements, |one| one));
            }
            (TypeKind::Scalar, TypeKind::Scalar) => {}
            _ => {
                let text = format!("{name} changed from {} to {}.", kind(old), kind(new));
                self.add("TYPE_CHANGED_KIND", &[name], text);
            }
        }
    }

    fn of_interfaces(&mut self, name: &str, old: &BTreeSet<&str>, new: &BTreeSet<&str>) {
        for interface in new.difference(old) {
            let text = format!("{interface} added to interfaces implemented by {name}.");
            self.add("IMPLEMENTED_INTERFACE_ADDED", &[interface, name], text);
        }
        for interface in old.difference(new) {
            let text = format!("{name} no longer implements interface {interface}.");
            self.add("IMPLEMENTED_INTERFACE_REMOVED", &[interface, name], text);
        }
    }

    fn of_fields(&mut self, name: &str, old: &[Positioned<FieldDefinition>], new: &[Positioned<FieldDefinition>]) {
        let new = fields(new);
        for (field, old) in fields(old) {
            let place = format!("{name}.{field}");
            let Some(new) = new.get(field) else {
                self.add("FIELD_REMOVED", &[name, field], format!("{place} was removed."));
                continue;
            };
            self.of_arguments(name, field, &old.arguments, &new.arguments);
            if directives(&old.directives) != directives(&new.directives) {
                self.add(MORE[0], &[name, field], format!("{place} has other directives."));
            }
            if !may_be_read(&old.ty.node, &new.ty.node) {
                let text = format!("{place} changed type from {} to {}.", old.ty.node, new.ty.node);
                self.add("FIELD_CHANGED_KIND", &[name, field], text);
            }
        }
    }

    fn of_arguments(
        &mut self,
        name: &str,
        field: &str,
        old: &[Positioned<InputValueDefinition>],
        new: &[Positioned<InputValueDefinition>],
    ) {
        let (old, new, place) = (inputs(old), inputs(new), format!("{name}.{field}"));
        for (arg, new) in added(&old, &new) {
            let (kind, which) = match is_required(new) {
                true => ("REQUIRED_ARG_ADDED", "A required"),
                false => ("OPTIONAL_ARG_ADDED", "An optional"),
            };
            self.add(kind, &[arg, name, field], format!("{which} arg {arg} on {place} was added."));
        }
        for (arg, old) in &old {
            let all = [*arg, name, field];
            let Some(new) = new.get(arg) else {
                self.add("ARG_REMOVED", &all, format!("{place} arg {arg} was removed."));
                continue;
            };
            if !may_be_sent(&old.ty.node, &new.ty.node) {
                let text = format!("{place} arg {arg} has changed type from {} to {}.", old.ty.node, new.ty.node);
                self.add("ARG_CHANGED_KIND", &all, text);
                continue;
            }
            let text = match (default(old), default(new)) {
                (Some(_), None) => format!("{place} arg {arg} defaultValue was removed."),
                (Some(old), Some(new)) if old != new => {
                    format!("{place} arg {arg} has changed defaultValue from {old} to {new}.")
                }
                _ => continue,
            };
            self.add("ARG_DEFAULT_VALUE_CHANGE", &all, text);
        }
    }

    fn of_input(
        &mut self,
        name: &str,
        old: &[Positioned<InputValueDefinition>],
        new: &[Positioned<InputValueDefinition>],
    ) {
        let (old, new) = (inputs(old), inputs(new));
        for (field, new) in added(&old, &new) {
            let (kind, which) = match is_required(new) {
                true => ("REQUIRED_INPUT_FIELD_ADDED", "A required"),
                false => ("OPTIONAL_INPUT_FIELD_ADDED", "An optional"),
            };
            self.add(kind, &[field, name], format!("{which} field {field} on input type {name} was added."));
        }
        for (field, old) in &old {
            let place = format!("{name}.{field}");
            let Some(new) = new.get(field) else {
                self.add("FIELD_REMOVED", &[name, field], format!("{place} was removed."));
                continue;
            };
            if !may_be_sent(&old.ty.node, &new.ty.node) {
                let text = format!("{place} changed type from {} to {}.", old.ty.node, new.ty.node);
                self.add("FIELD_CHANGED_KIND", &[name, field], text);
            } else if default(old) != default(new) {
                self.add(MORE[1], &[name, field], format!("{place} has another default."));
            }
        }
    }

    /// Not whether it can be repeated: the parser says so of each.
    fn of_directive(&mut self, name: &str, old: &DirectiveDefinition, new: &DirectiveDefinition) {
        let (old_inputs, new_inputs) = (inputs(&old.arguments), inputs(&new.arguments));
        for (arg, _) in added(&old_inputs, &new_inputs).filter(|(_, new)| is_required(new)) {
            let text = format!("A required arg {arg} on directive {name} was added.");
            self.add("REQUIRED_DIRECTIVE_ARG_ADDED", &[arg, name], text);
        }
        for (arg, _) in added(&new_inputs, &old_inputs) {
            self.add("DIRECTIVE_ARG_REMOVED", &[arg, name], format!("{arg} was removed from {name}."));
        }
        for location in &old.locations {
            if !new.locations.iter().any(|new| new.node == location.node) {
                let location = screaming(&format!("{:?}", location.node));
                self.add("DIRECTIVE_LOCATION_REMOVED", &[name], format!("{location} was removed from {name}."));
            }
        }
    }
}

fn added<'a, T>(old: &BTreeMap<&'a str, T>, new: &'a BTreeMap<&'a str, T>) -> impl Iterator<Item = (&'a str, &'a T)> {
    let before: BTreeSet<&str> = old.keys().copied().collect();
    new.iter().filter(move |(name, _)| !before.contains(**name)).map(|(name, one)| (*name, one))
}

fn names<T, N: AsRef<str> + 'static>(all: &[Positioned<T>], name: impl Fn(&T) -> &N) -> BTreeSet<&str> {
    all.iter().map(|one| name(&one.node).as_ref()).collect()
}

/// `FieldDefinition` as the SDL has it: `FIELD_DEFINITION`.
fn screaming(name: &str) -> String {
    let parts = name.char_indices().map(|(place, char)| match char.is_ascii_uppercase() && place > 0 {
        true => format!("_{char}"),
        false => char.to_ascii_uppercase().to_string(),
    });
    parts.collect()
}
