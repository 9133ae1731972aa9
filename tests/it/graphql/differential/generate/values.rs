//! Values: literals, variables with their defaults and values, of the type of their place and of others.

use serde_json::{Map, Value, json};

use super::{Generator, Variable};
use crate::fuzz::documents::base;

impl Generator<'_, '_> {
    /// A literal or a variable for a place of this type, which may have a default.
    pub(super) fn argument(&mut self, kind: &str, has_default: bool, depth: usize) -> String {
        if self.choices.one_in(2) { self.variable(kind, has_default) } else { self.literal(kind, depth) }
    }

    fn variable(&mut self, wanted: &str, has_default: bool) -> String {
        let fitting = self.variables.iter().position(|variable| variable.kind == wanted);
        if let Some(known) = fitting.filter(|_| self.choices.one_in(2)) {
            return format!("${}", self.variables[known].name);
        }
        let nullable = wanted.trim_end_matches('!').to_owned();
        let mut kind = match self.choices.below(5) {
            0 => format!("{nullable}!"),
            1..3 => nullable.clone(),
            _ => wanted.to_owned(),
        };
        if self.wrong() {
            kind = self
                .choices
                .pick(&["String", "Int", "[Int]", "Boolean!", "LoginInput", "User", "Nothing", "ID"])
                .to_owned();
        }
        let needs_default = wanted.ends_with('!') && !kind.ends_with('!') && !has_default && !self.wrong();
        let default = (needs_default || self.choices.one_in(3)).then(|| self.constant(&kind, needs_default));
        let required = kind.ends_with('!') && default.is_none();
        let value = match self.choices.below(8) {
            0..3 if !required || self.wrong() => None,
            3 if !kind.ends_with('!') && !needs_default || self.wrong() => Some(Value::Null),
            _ => Some(self.json(&kind, 2)),
        };
        let name = format!("v{}", self.variables.len());
        self.variables.push(Variable { name: name.clone(), kind, default, value });
        if self.wrong() { "$undefined".to_owned() } else { format!("${name}") }
    }

    /// A default: no variable may stand in it.
    fn constant(&mut self, kind: &str, not_null: bool) -> String {
        let kind = if not_null { format!("{}!", kind.trim_end_matches('!')) } else { kind.to_owned() };
        let value = self.json(&kind, 2);
        let mut text = String::new();
        self.write(&value, base(&kind), &mut text);
        text
    }

    fn literal(&mut self, kind: &str, depth: usize) -> String {
        if self.wrong() {
            return self
                .choices
                .pick(&[
                    "null",
                    "1",
                    "-1",
                    "1.5",
                    "1.0",
                    "\"text\"",
                    "\"1\"",
                    "true",
                    "BODY",
                    "body",
                    "[]",
                    "[1]",
                    "{}",
                    "{ a: 1 }",
                    "3000000000",
                    "[null]",
                    "$v0",
                    "007",
                    "\"\"\"block\"\"\"",
                    "[[]]",
                ])
                .to_owned();
        }
        if !kind.ends_with('!') && self.choices.one_in(8) {
            return "null".to_owned();
        }
        let schema = self.schema;
        if let Some((name, kind)) = self.one_of(base(kind)) {
            let value = if self.wrong() { "null".to_owned() } else { self.argument(&kind, false, depth) };
            return format!("{{ {name}: {value} }}");
        }
        if let Some(fields) = schema.inputs.get(base(kind)) {
            let mut text = "{ ".to_owned();
            for (name, kind) in fields {
                let has_default = name == "transport";
                let required = kind.ends_with('!') && !has_default;
                if required && !self.wrong() || self.choices.one_in(2) {
                    text.push_str(&format!("{name}: {} ", self.argument(kind, has_default, depth.saturating_sub(1))));
                }
            }
            if self.wrong() {
                text.push_str("identifier: \"a\" refreshToken: \"b\"");
            }
            return text + "}";
        }
        let value = self.json(&format!("{}!", kind.trim_end_matches('!')), depth);
        let mut text = String::new();
        self.write(&value, base(kind), &mut text);
        text
    }

    /// A value of that type, or of another.
    fn json(&mut self, kind: &str, depth: usize) -> Value {
        if self.wrong() {
            return match self.choices.below(12) {
                0 => Value::Null,
                1 => json!(1.0),
                2 => json!(1.5),
                3 => json!(3_000_000_000_u32),
                4 => json!("BODY"),
                5 => json!(true),
                6 => json!([1]),
                7 => json!([]),
                8 => json!({}),
                9 => json!({ "a": 1 }),
                10 => json!(-1),
                _ => json!("text"),
            };
        }
        if !kind.ends_with('!') && self.choices.one_in(10) {
            return Value::Null;
        }
        let schema = self.schema;
        if let Some((name, kind)) = self.one_of(base(kind)) {
            let value = if self.wrong() { Value::Null } else { self.json(&kind, depth) };
            return json!({ name: value });
        }
        if let Some(fields) = schema.inputs.get(base(kind)) {
            let mut object = Map::new();
            for (name, kind) in fields {
                let required = kind.ends_with('!') && name != "transport";
                if required && !self.wrong() || self.choices.one_in(2) {
                    object.insert(name.clone(), self.json(kind, depth.saturating_sub(1)));
                }
            }
            return Value::Object(object);
        }
        if let Some(values) = schema.values.get(base(kind)) {
            return json!(values[self.choices.below(values.len())]);
        }
        match base(kind) {
            "Int" => json!(self.choices.below(7)),
            "Boolean" => json!(self.choices.one_in(2)),
            "WebAuthnJson" => json!({ "id": self.choices.text(12), "type": "public-key" }),
            _ => match self.choices.below(4) {
                0 => json!("nobody@example.com"),
                1 => json!(self.choices.text(12)),
                2 if base(kind) == "ID" => json!(self.choices.below(5)),
                _ => json!(self.texts[self.choices.below(self.texts.len())]),
            },
        }
    }

    /// The field that is given of a type of which one must be, and the type of its value. In a wrong turn any number of fields is given.
    fn one_of(&mut self, kind: &str) -> Option<(String, String)> {
        let fields = self.schema.inputs.get(kind).filter(|_| self.schema.one_of.contains(kind))?;
        if self.wrong() {
            return None;
        }
        let (name, kind) = &fields[self.choices.below(fields.len())];
        Some((name.clone(), format!("{kind}!")))
    }

    /// Object keys are names, and values of enums have no quotes.
    fn write(&self, value: &Value, kind: &str, text: &mut String) {
        match value {
            Value::Array(list) => {
                text.push('[');
                list.iter().for_each(|value| {
                    self.write(value, kind, text);
                    text.push(' ');
                });
                text.push(']');
            }
            Value::Object(fields) => {
                text.push('{');
                for (name, value) in fields {
                    let known =
                        self.schema.inputs.get(kind).and_then(|fields| fields.iter().find(|(known, _)| known == name));
                    text.push_str(&format!("{name}: "));
                    self.write(value, known.map_or("", |(_, kind)| base(kind)), text);
                    text.push(' ');
                }
                text.push('}');
            }
            Value::String(name) if self.schema.values.contains_key(kind) => text.push_str(name),
            other => text.push_str(&other.to_string()),
        }
    }
}
