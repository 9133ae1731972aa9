//! Counting by what root fields are answered.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::extensions::{ExtensionContext, ResolveInfo};
use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerError, ServerResult, UnionType, Value};

use super::error::{Code, code};
use crate::app::App;

/// A result that is counted when it is written into the answer.
pub(super) struct Counted<T>(T);

/// A result to be counted.
pub(super) fn counted<T>(result: T) -> Option<Counted<T>> {
    Some(Counted(result))
}

impl<T: UnionType + OutputType> OutputType for Counted<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        // What fails is counted as its error.
        let value = self.0.resolve(ctx, field).await?;
        let app = ctx.data_unchecked::<Arc<App>>();
        app.metrics.answered(&field.node.name.node, &self.0.introspection_type_name());
        Ok(value)
    }
}

/// Counts what [`Counted`] does not see: errors, and results that are no union.
pub(super) struct Tally<'a> {
    app: &'a App,
    field: &'a str,
    is_union: bool,
}

impl<'a> Tally<'a> {
    /// Of a root field, where anything is measured.
    pub(super) fn of(ctx: &ExtensionContext<'a>, info: &ResolveInfo<'a>) -> Option<Self> {
        if info.path_node.parent.is_some() || info.name.starts_with("__") {
            return None;
        }
        let app = ctx.data_opt::<Arc<App>>().filter(|app| app.metrics.is_on())?;
        let registry = &ctx.schema_env.registry;
        let result = registry.types.get(MetaTypeName::concrete_typename(info.return_type));
        Some(Self { app, field: info.name, is_union: matches!(result, Some(MetaType::Union { .. })) })
    }

    pub(super) fn note(&self, error: Option<&ServerError>) {
        match error {
            Some(error) => {
                self.app.metrics.answered(self.field, code(error).unwrap_or(Code::InternalServerError.as_str()))
            }
            None if self.is_union => {}
            None => self.app.metrics.answered(self.field, "OK"),
        }
    }
}
