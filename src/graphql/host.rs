//! Root fields of an application that has this library in its own process: what they may be called, and that each is guarded.

use std::any::{Any, TypeId};
use std::sync::Arc;

use async_graphql::registry::{MetaType, Registry};
use async_graphql::{Data, MergedObjectTail, ObjectType, OutputType};

use super::guard::guards;
use super::{Mutation, Query};
use crate::error::Error;

/// In the place of an object, where an application adds no fields of its own.
pub type NoFields = MergedObjectTail;

/// Puts a value into a request's data.
type Provide = Arc<dyn Fn(&mut Data) + Send + Sync>;

/// The application's fields of `Query` and of `Mutation`, and what they find in their context.
pub(crate) struct Host<Q, M> {
    pub(super) query: Arc<Q>,
    pub(super) mutation: Arc<M>,
    pub(super) data: Vec<Provide>,
}

impl Default for Host<NoFields, NoFields> {
    fn default() -> Self {
        Self { query: Arc::default(), mutation: Arc::default(), data: Vec::new() }
    }
}

impl<Q, M> Host<Q, M> {
    pub(crate) fn with_query<O>(self, query: O) -> Host<O, M> {
        Host { query: Arc::new(query), mutation: self.mutation, data: self.data }
    }

    pub(crate) fn with_mutation<O>(self, mutation: O) -> Host<Q, O> {
        Host { query: self.query, mutation: Arc::new(mutation), data: self.data }
    }

    /// A copy of `value` goes with each request, unless the request brings one of the same type along.
    pub(crate) fn provide<T: Any + Clone + Send + Sync>(&mut self, value: T) {
        self.data.push(Arc::new(move |data| {
            if data.get(&TypeId::of::<T>()).is_none() {
                data.insert(value.clone());
            }
        }));
    }
}

impl<Q: ObjectType, M: ObjectType> Host<Q, M> {
    /// Whether the fields can stand beside ours. The library would replace one of two fields with the same name without a word, and
    /// panic at two types.
    ///
    /// # Errors
    /// [`Error::Internal`] with a line for the developer about each that can't.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let (mut ours, mut theirs) = (Registry::default(), Registry::default());
        Query::<NoFields>::create_type_info(&mut ours);
        Mutation::<NoFields>::create_type_info(&mut ours);
        let roots =
            [("Query", theirs.create_fake_output_type::<Q>()), ("Mutation", theirs.create_fake_output_type::<M>())];
        let mut faults = Vec::new();
        for (root, object) in roots {
            for (name, field) in fields(&object) {
                if ours.types.get(root).is_some_and(|root| root.field_by_name(name).is_some()) {
                    faults.push(format!("{root}.{name} is a field of Portcullis"));
                }
                match guards(field).count() {
                    1 => {}
                    0 => faults.push(format!("{root}.{name} has no directive: say @auth or @public")),
                    _ => faults.push(format!("{root}.{name} has more than one of the directives @auth and @public")),
                }
            }
        }
        let clashing =
            theirs.types.iter().filter(|(name, kind)| ours.types.get(*name).is_some_and(|known| !is_same(known, kind)));
        faults
            .extend(clashing.map(|(name, _)| format!("the type {name} is one of Portcullis: give yours another name")));
        let directives = ["auth", "public"].into_iter().filter(|name| {
            let description =
                |registry: &Registry| registry.directives.get(*name).map(|known| known.description.clone());
            theirs.directives.contains_key(*name) && description(&ours) != description(&theirs)
        });
        faults.extend(
            directives.map(|name| format!("the directive @{name} is not that of Portcullis: use portcullis::{name}")),
        );
        if faults.is_empty() {
            return Ok(());
        }
        faults.insert(0, "the application's GraphQL fields can't be used:".to_owned());
        Err(Error::internal(faults.join("\n  ")))
    }
}

fn fields(object: &MetaType) -> impl Iterator<Item = (&str, &async_graphql::registry::MetaField)> {
    let fields = match object {
        MetaType::Object { fields, .. } => Some(fields),
        _ => None,
    };
    fields.into_iter().flatten().map(|(name, field)| (name.as_str(), field))
}

/// Whether two types of one name are the same. Scalars do not tell of which Rust type they are: two that are specified by the same
/// document are one.
fn is_same(one: &MetaType, other: &MetaType) -> bool {
    match (one, other) {
        (
            MetaType::Scalar { description, specified_by_url: one, .. },
            MetaType::Scalar { description: others, specified_by_url: other, .. },
        ) => description == others || document(one).is_some_and(|one| document(other) == Some(one)),
        _ => one.rust_typename() == other.rust_typename(),
    }
}

/// The last part of a document's address: RFCs can be read at several.
fn document(url: &Option<String>) -> Option<&str> {
    url.as_deref()?.trim_end_matches('/').rsplit('/').next()
}
