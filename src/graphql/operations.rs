//! Executing operations: what holds for each, whichever way it came.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::{ObjectType, Request, Response};
use futures_util::FutureExt;
use tokio::time::timeout;

use super::document::{DocumentCache, Documents, Mode, Registered, registered};
use super::error::Code;
use super::execute::Execute;
use super::guard::Requester;
use super::host::Host;
use super::loaders::Loaders;
use super::{error, measured};
use crate::app::App;
use crate::config::{Graphql, PersistedQueries};
use crate::error::Error;

/// Reads the documents that the operator registered, if only those are answered, and `ours`, which a page of the server sends.
/// This takes some time if there are many.
///
/// # Errors
/// [`Error::Internal`] with a sentence for the operator when one would be refused.
pub(crate) async fn read_registered<Q: ObjectType + 'static, M: ObjectType + 'static>(
    settings: &Graphql,
    host: &Host<Q, M>,
    ours: &[(&str, &str)],
) -> Result<Option<Registered>, Error> {
    match &settings.persisted {
        PersistedQueries::Only(manifest) => registered(manifest, settings.bounds, host, ours).await.map(Some),
        PersistedQueries::Off | PersistedQueries::Automatic => Ok(None),
    }
}

/// The label of answers that are of no field.
const NO_FIELD: &str = "";

/// The operations of the schema on one [`App`].
pub(crate) struct Operations {
    app: Arc<App>,
    schema: Box<dyn Execute>,
    provide: Box<dyn Fn(&mut Request) + Send + Sync>,
}

impl Operations {
    /// Of the schema with the host's fields, which must have been found sound. Only documents in `registered` are answered, if there
    /// is such a list.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub(crate) fn new<Q: ObjectType + 'static, M: ObjectType + 'static>(
        app: Arc<App>,
        host: &Host<Q, M>,
        registered: Option<Registered>,
    ) -> Result<Self, Error> {
        let settings = &app.config.graphql;
        let mode = match (registered, &settings.persisted) {
            (Some(registered), _) => Mode::Only(registered),
            (None, PersistedQueries::Automatic) => Mode::Automatic,
            (None, PersistedQueries::Off) => Mode::Off,
            (None, PersistedQueries::Only(_)) => return Err(Error::internal("the registered documents were not read")),
        };
        let known = Arc::new(DocumentCache::new(mode, settings.document_cache_bytes)?);
        let schema = measured(host, Documents::new(settings.bounds, Some(known), !settings.introspection, host));
        let schema = if settings.introspection { schema } else { schema.disable_introspection() };
        let data = host.data.clone();
        let provide = Box::new(move |request: &mut Request| data.iter().for_each(|provide| provide(&mut request.data)));
        Ok(Self { schema: Box::new(schema.data(app.clone()).finish()), app, provide })
    }

    /// Executes an operation for this sender. Every error in the answer has its code, and a fault the request's id.
    pub(crate) async fn execute(&self, operation: Request, requester: Requester, request_id: &str) -> Response {
        let mut operation = operation.data(requester).data(Loaders::new(self.app.clone()));
        (self.provide)(&mut operation);
        let work = AssertUnwindSafe(self.schema.execute(operation)).catch_unwind();
        let mut response = match timeout(self.app.config.graphql.bounds.time, work).await {
            Ok(Ok(response)) => response,
            // The panic hook has logged it.
            Ok(Err(_)) => self.given_up(Code::InternalServerError, error::panicked()),
            Err(_) => self.given_up(Code::ServiceUnavailable, error::late()),
        };
        error::finish(&mut response, request_id);
        response
    }

    /// Counts an operation of which no field has an answer.
    fn given_up(&self, code: Code, answer: Response) -> Response {
        self.app.metrics.answered(NO_FIELD, code.as_str());
        answer
    }
}
