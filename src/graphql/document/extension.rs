//! The extension that finds, measures and remembers the documents of requests.

use std::any::TypeId;
use std::sync::{Arc, OnceLock};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest, NextValidation,
};
use async_graphql::{Data, Pos, Request, Response, ServerError, ServerResult, ValidationResult};

use super::conceal::conceal;
use super::known::{Found, Hash, Known};
use super::refusal::refusal;
use super::registered::Registration;
use super::{Document, any_name};
use crate::config::Bounds;
use crate::graphql::error::{Code, invalid};

/// Before anything else sees a document.
#[derive(Clone)]
pub(crate) struct Documents {
    pub(crate) bounds: Bounds,
    /// Without it every document is read anew.
    pub(crate) known: Option<Arc<Known>>,
    /// Whether clients may not know the schema.
    pub(crate) concealed: bool,
}

impl ExtensionFactory for Documents {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OneRequest { documents: self.clone(), document: OnceLock::new() })
    }
}

struct OneRequest {
    documents: Documents,
    /// The request's, and what to remember it by if it is new.
    document: OnceLock<(Arc<Document>, Option<Hash>)>,
}

impl OneRequest {
    fn conceal(&self, errors: &mut [ServerError]) {
        if let Some((document, _)) = self.document.get().filter(|_| self.documents.concealed) {
            errors.iter_mut().for_each(|error| conceal(error, document.text()));
        }
    }

    fn find(&self, ctx: &ExtensionContext<'_>, request: &Request) -> ServerResult<(Arc<Document>, Option<Hash>)> {
        let found = match &self.documents.known {
            Some(known) => Some(known.find(&request.query, of(&request.data))?),
            None => None,
        };
        let hash = match found {
            Some(Found::Known(document)) => return Ok((document, None)),
            Some(Found::New(hash)) => Some(hash),
            None => None,
        };
        let document = Document::read(&request.query, &self.documents.bounds, &ctx.schema_env.registry)?;
        Ok((Arc::new(document), hash))
    }
}

#[async_trait]
impl Extension for OneRequest {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let (bounds, registry) = (&self.documents.bounds, &ctx.schema_env.registry);
        let (document, hash) = self.find(ctx, &request)?;
        if self.documents.concealed && document.introspects {
            let message = "Clients can't ask for the schema here.".to_owned();
            return Err(refusal(message, Pos::default(), Code::GraphqlValidationFailed));
        }
        if of::<Arc<Registration>>(&request.data).is_some() {
            document.check_all(bounds, registry)?;
            // The library wants to know which to execute.
            request.operation_name = any_name(document.parsed());
        } else {
            document.check(&request.variables, request.operation_name.as_deref(), bounds, registry)?;
        }
        request.set_parsed_query(document.parsed().clone());
        let _ = self.document.set((document, hash));
        next.run(ctx, request).await
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.map_err(|errors| {
            let mut errors = invalid(errors);
            self.conceal(&mut errors);
            errors
        })
    }

    async fn execute(&self, ctx: &ExtensionContext<'_>, operation: Option<&str>, next: NextExecute<'_>) -> Response {
        // By now it has been found valid.
        if let Some((document, hash)) = self.document.get() {
            if let Some(registration) = ctx.data_opt::<Arc<Registration>>() {
                registration.found_sound(document.clone());
                return Response::default();
            }
            if let (Some(hash), Some(known)) = (hash, &self.documents.known) {
                known.remember(*hash, document.clone());
            }
        }
        let mut response = next.run(ctx, operation).await;
        self.conceal(&mut response.errors);
        response
    }
}

/// What goes with a request. Its data are not in the context yet while it is being prepared.
fn of<T: 'static>(data: &Data) -> Option<&T> {
    data.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref())
}
