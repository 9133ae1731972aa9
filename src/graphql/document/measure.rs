//! Measures the size of a document, which does not depend on its variables.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::Value;

use super::refusal::{over, refusal};
use crate::config::Bounds;
use crate::graphql::error::Code;

/// Refuses a document that is small to send and huge when its fragments are expanded. The library's own checks follow
/// each spread anew, so twenty fragments that spread the next one twice take seconds. Here each fragment is measured
/// once.
///
/// # Errors
/// The first bound that the document exceeds, or a fragment that spreads itself.
pub(super) fn measure(document: &ExecutableDocument, bounds: &Bounds) -> Result<Measured, ServerError> {
    let mut sizes = Sizes { document, bounds, fragments: HashMap::new() };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        let position = operation.pos;
        let operation = &operation.node;
        sizes.directives(&operation.directives)?;
        operation.variable_definitions.iter().try_for_each(|variable| sizes.directives(&variable.node.directives))?;
        let mut size = sizes.of(&operation.selection_set, 0)?;
        size.uses += in_directives(&operation.directives);
        if size.roots > bounds.root_fields {
            return Err(over("root fields", bounds.root_fields, position));
        }
        total.add(size);
        sizes.check(total, position)?;
    }
    // Validation looks at each fragment by itself as well.
    for (name, fragment) in &document.fragments {
        let mut size = sizes.of_fragment(name, fragment.pos, 0)?;
        size.aliases = 0;
        total.add(size);
        sizes.check(total, fragment.pos)?;
    }
    Ok(Measured { uses: total.uses, introspects: total.introspects })
}

/// What else was found while measuring.
pub(super) struct Measured {
    /// The number of uses of variables.
    pub(super) uses: usize,
    /// Whether the document queries the schema.
    pub(super) introspects: bool,
}

/// Sums over selections. Each spread counts with all that it brings.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    aliases: usize,
    /// Fields that are not within another field.
    roots: usize,
    /// The depth of the deepest field.
    depth: usize,
    /// Uses of variables.
    uses: usize,
    introspects: bool,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.selections += other.selections;
        self.aliases += other.aliases;
        self.roots += other.roots;
        self.depth = self.depth.max(other.depth);
        self.uses = self.uses.saturating_add(other.uses);
        self.introspects |= other.introspects;
    }
}

/// The sizes of fragments. Each is found once, and is `None` while it is being found.
struct Sizes<'a> {
    document: &'a ExecutableDocument,
    bounds: &'a Bounds,
    fragments: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Sizes<'a> {
    /// The size of selections that are `depth` deep. Each sum is checked at each step, so none can exceed its bound
    /// more than twice.
    fn of(&mut self, set: &'a Positioned<SelectionSet>, depth: usize) -> Result<Size, ServerError> {
        let mut size = Size::default();
        for selection in &set.node.items {
            if depth >= self.bounds.depth {
                return Err(over("levels", self.bounds.depth, selection.pos));
            }
            self.directives(selection.node.directives())?;
            let mut inner = match &selection.node {
                Selection::Field(field) => {
                    let inner = self.of(&field.node.selection_set, depth + 1)?;
                    let aliases = inner.aliases + usize::from(field.node.alias.is_some());
                    let introspects = matches!(field.node.name.node.as_str(), "__schema" | "__type");
                    let uses = field.node.arguments.iter().map(|(_, value)| variables(&value.node)).sum::<usize>();
                    let (uses, introspects) = (inner.uses.saturating_add(uses), inner.introspects || introspects);
                    Size { aliases, roots: 1, uses, introspects, ..inner }
                }
                Selection::InlineFragment(fragment) => self.of(&fragment.node.selection_set, depth + 1)?,
                Selection::FragmentSpread(spread) => {
                    self.of_fragment(&spread.node.fragment_name.node, selection.pos, depth + 1)?
                }
            };
            inner.uses = inner.uses.saturating_add(in_directives(selection.node.directives()));
            inner.selections += 1;
            inner.depth += 1;
            if depth + inner.depth > self.bounds.depth {
                return Err(over("levels", self.bounds.depth, selection.pos));
            }
            size.add(inner);
            self.check(size, selection.pos)?;
        }
        Ok(size)
    }

    fn of_fragment(&mut self, name: &'a Name, position: Pos, depth: usize) -> Result<Size, ServerError> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("The fragment {name} spreads itself.");
                return Err(refusal(message, position, Code::GraphqlValidationFailed));
            }
            None => {}
        }
        // The library reports a fragment that does not exist.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.fragments.insert(name, None);
        self.directives(&fragment.node.directives)?;
        let mut size = self.of(&fragment.node.selection_set, depth)?;
        size.uses += in_directives(&fragment.node.directives);
        self.fragments.insert(name, Some(size));
        Ok(size)
    }

    fn check(&self, size: Size, position: Pos) -> Result<(), ServerError> {
        if size.aliases > self.bounds.aliases {
            return Err(over("aliases", self.bounds.aliases, position));
        }
        if size.selections > self.bounds.complexity {
            return Err(over("selections", self.bounds.complexity, position));
        }
        Ok(())
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<(), ServerError> {
        match directives.get(self.bounds.directives) {
            None => Ok(()),
            Some(directive) => Err(over("directives in one place", self.bounds.directives, directive.pos)),
        }
    }
}

fn in_directives(directives: &[Positioned<Directive>]) -> usize {
    directives.iter().flat_map(|directive| &directive.node.arguments).map(|(_, value)| variables(&value.node)).sum()
}

/// The number of variables in a value. The value is no deeper than brackets may be.
fn variables(value: &Value) -> usize {
    match value {
        Value::Variable(_) => 1,
        Value::List(values) => values.iter().map(variables).sum(),
        Value::Object(fields) => fields.values().map(variables).sum(),
        _ => 0,
    }
}
