//! How large a document is, whatever its variables are.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned, ServerError};

use super::refusal::{over, refusal};
use crate::config::Bounds;
use crate::graphql::error::Code;

/// Refuses a document that is small to send and huge to look at: the library's own checks follow each spread anew, so twenty
/// fragments that spread the next one twice take it seconds. Here each fragment is looked at once.
///
/// # Errors
/// The first bound that the document is over, or a fragment that spreads itself.
pub(super) fn measure(document: &ExecutableDocument, bounds: &Bounds) -> Result<(), ServerError> {
    let mut sizes = Sizes { document, bounds, fragments: HashMap::new() };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        let position = operation.pos;
        let operation = &operation.node;
        sizes.directives(&operation.directives)?;
        operation.variable_definitions.iter().try_for_each(|variable| sizes.directives(&variable.node.directives))?;
        let size = sizes.of(&operation.selection_set, 0)?;
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
    Ok(())
}

/// Sums over selections, each spread counted with all that it brings.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    aliases: usize,
    /// Fields that are not within another field.
    roots: usize,
    /// The deepest.
    depth: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.selections += other.selections;
        self.aliases += other.aliases;
        self.roots += other.roots;
        self.depth = self.depth.max(other.depth);
    }
}

/// Sizes of fragments, each found once; `None` while it is looked for.
struct Sizes<'a> {
    document: &'a ExecutableDocument,
    bounds: &'a Bounds,
    fragments: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Sizes<'a> {
    /// The size of what is `depth` deep already. No sum in it can grow past its bound twice over: each is checked at each step.
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
                    Size { aliases, roots: 1, ..inner }
                }
                Selection::InlineFragment(fragment) => self.of(&fragment.node.selection_set, depth + 1)?,
                Selection::FragmentSpread(spread) => {
                    self.of_fragment(&spread.node.fragment_name.node, selection.pos, depth + 1)?
                }
            };
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
        // Without a fragment of that name the library says so.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.fragments.insert(name, None);
        self.directives(&fragment.node.directives)?;
        let size = self.of(&fragment.node.selection_set, depth)?;
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
