//! The extension that finds, measures, validates and caches the documents of requests, and replaces them by prepared
//! ones.

use std::any::TypeId;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest, NextRequest, NextValidation,
};
use async_graphql::registry::Registry;
use async_graphql::{
    CacheControl, Data, ObjectType, Pos, Request, Response, ServerError, ServerResult, ValidationResult,
};

use super::conceal::conceal;
use super::document_cache::{DocumentCache, Found};
use super::name::Hash;
use super::prepare::Prepared;
use super::refusal::refusal;
use super::registered::RegisteringDocument;
use super::{Document, Library, OnlyQueries, any_name};
use crate::app::App;
use crate::clock::Stopwatch;
use crate::config::Bounds;
use crate::graphql::error::Code;
use crate::graphql::host::Host;

/// The label of operations that nobody registered.
const OTHER: &str = "other";

/// This extension runs before all others.
#[derive(Clone)]
pub(crate) struct Documents {
    pub(in crate::graphql) bounds: Bounds,
    /// Without it every document is read again each time.
    known: Option<Arc<DocumentCache>>,
    /// Whether the schema is hidden from clients.
    concealed: bool,
    library: Library,
}

impl Documents {
    /// For the schema with the host's fields.
    pub(crate) fn new<Q: ObjectType + 'static, M: ObjectType + 'static>(
        bounds: Bounds,
        known: Option<Arc<DocumentCache>>,
        concealed: bool,
        host: &Host<Q, M>,
    ) -> Self {
        // A suggestion would reveal names of the schema.
        Self { bounds, known, concealed, library: Library::new(bounds.depth, !concealed, host) }
    }
}

impl ExtensionFactory for Documents {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OneRequest { documents: self.clone(), serving: OnceLock::new(), refused: OnceLock::new() })
    }
}

struct OneRequest {
    documents: Documents,
    serving: OnceLock<Serving>,
    /// All errors of the document. The library keeps only one.
    refused: OnceLock<Vec<ServerError>>,
}

/// The document of a request that will be executed.
struct Serving {
    document: Arc<Document>,
    /// The hash under which it is cached, if it is new.
    hash: Option<Hash>,
    /// The prepared operation, if it differs for each request.
    prepared: Option<Prepared>,
}

impl Serving {
    fn prepared(&self) -> Option<&Prepared> {
        self.prepared.as_ref().or(self.document.prepared())
    }
}

impl OneRequest {
    /// The errors of a document with this text, as a client may see them.
    fn concealed(&self, mut errors: Vec<ServerError>, text: &str) -> Vec<ServerError> {
        if self.documents.concealed {
            errors.iter_mut().for_each(|error| conceal(error, text));
        }
        errors
    }

    /// The name of the operation if the operator registered it. A client may invent any other.
    fn label<'a>(&self, serving: &Serving, operation: Option<&'a str>) -> Cow<'a, str> {
        match (&self.documents.known, operation) {
            (Some(known), _) if !known.is_registry() => Cow::Borrowed(OTHER),
            (None, _) => Cow::Borrowed(OTHER),
            (Some(_), Some(name)) => Cow::Borrowed(name),
            (Some(_), None) => any_name(serving.document.parsed()).map_or(Cow::Borrowed(OTHER), Cow::Owned),
        }
    }

    async fn find(
        &self,
        registry: &Registry,
        request: &Request,
    ) -> Result<(Arc<Document>, Option<Hash>), Vec<ServerError>> {
        let found = match &self.documents.known {
            Some(known) => Some(known.find(&request.query, of(&request.data)).map_err(one)?),
            None => None,
        };
        let hash = match found {
            Some(Found::Known(document)) => {
                self.admit(&document, registry, request).map_err(one)?;
                return Ok((document, None));
            }
            Some(Found::New(hash)) => Some(hash),
            None => None,
        };
        let mut document = Document::read(&request.query, &self.documents.bounds, registry).map_err(one)?;
        self.admit(&document, registry, request).map_err(one)?;
        document.validate(registry, &self.documents.library).await?;
        Ok((Arc::new(document), hash))
    }

    /// Whether the document may be validated and executed.
    fn admit(&self, document: &Document, registry: &Registry, request: &Request) -> Result<(), ServerError> {
        if let Some(only_queries) = of::<OnlyQueries>(&request.data) {
            only_queries.check(document.parsed(), request.operation_name.as_deref())?;
        }
        if self.documents.concealed && document.introspects {
            let message = "Clients can't ask for the schema here.".to_owned();
            return Err(refusal(message, Pos::default(), Code::GraphqlValidationFailed));
        }
        let bounds = &self.documents.bounds;
        match of::<Arc<RegisteringDocument>>(&request.data) {
            Some(_) => document.check_all(bounds, registry),
            None => document.check(&request.variables, request.operation_name.as_deref(), bounds, registry),
        }
    }

    async fn serve(&self, registry: &Registry, request: &mut Request) -> Result<(), Vec<ServerError>> {
        let (document, hash) =
            self.find(registry, request).await.map_err(|errors| self.concealed(errors, &request.query))?;
        let prepared = if of::<Arc<RegisteringDocument>>(&request.data).is_some() {
            // The library needs to know which one to execute.
            request.operation_name = any_name(document.parsed());
            None
        } else {
            let Request { variables, operation_name, .. } = request;
            let prepared = document.prepare(variables, operation_name.as_deref(), registry);
            prepared.map_err(|error| self.concealed(one(error), document.text()))?
        };
        let serving = Serving { document, hash, prepared };
        // Without a prepared operation, the library reports that the request has to name one.
        let executable = serving.prepared().map_or_else(|| serving.document.parsed(), |prepared| &prepared.executable);
        request.set_parsed_query(executable.clone());
        let _ = self.serving.set(serving);
        Ok(())
    }
}

/// An operation that is being executed. Its time counts as well if it is given up or panics.
struct Measured<'a> {
    app: &'a App,
    label: Cow<'a, str>,
    watch: Stopwatch,
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        self.app.metrics.executed(&self.label, self.watch.elapsed());
    }
}

fn one(error: ServerError) -> Vec<ServerError> {
    vec![error]
}

#[async_trait]
impl Extension for OneRequest {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(ctx).await;
        if let Some(errors) = self.refused.get() {
            response.errors.clone_from(errors);
        }
        response
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        if let Err(errors) = self.serve(&ctx.schema_env.registry, &mut request).await {
            let first = errors.first().cloned();
            let _ = self.refused.set(errors);
            return Err(first.unwrap_or_else(|| ServerError::new("This document is refused.", None)));
        }
        next.run(ctx, request).await
    }

    /// The document that was sent is valid. The prepared one is executed without validation, because the rules are
    /// not made for it.
    async fn validation(
        &self,
        _: &ExtensionContext<'_>,
        _: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        Ok(ValidationResult { cache_control: CacheControl::default(), complexity: 0, depth: 0 })
    }

    async fn execute(&self, ctx: &ExtensionContext<'_>, operation: Option<&str>, next: NextExecute<'_>) -> Response {
        let Some(serving) = self.serving.get() else { return next.run(ctx, operation).await };
        if let Some(registration) = ctx.data_opt::<Arc<RegisteringDocument>>() {
            registration.found_sound(serving.document.clone());
            return Response::default();
        }
        if let (Some(hash), Some(known)) = (serving.hash, &self.documents.known) {
            known.remember(hash, serving.document.clone());
        }
        let measuring = ctx.data_opt::<Arc<App>>().filter(|app| app.metrics.is_on());
        let measured =
            measuring.map(|app| Measured { app, label: self.label(serving, operation), watch: Stopwatch::start() });
        let mut response = next.run(ctx, operation).await;
        drop(measured);
        if let Some(prepared) = serving.prepared() {
            prepared.form.put(&mut response.data);
        }
        response.errors = self.concealed(std::mem::take(&mut response.errors), serving.document.text());
        response
    }
}

/// The data of a request. While a request is being prepared, its data are not in the context yet.
fn of<T: 'static>(data: &Data) -> Option<&T> {
    data.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref())
}
