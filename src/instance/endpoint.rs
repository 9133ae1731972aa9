//! The middleware around the routes of an instance that may stop, and the extractor by which a handler of an
//! application gets the caller.

use poem::{Endpoint, FromRequest, IntoResponse, Request, RequestBody, Response};

use super::{NotSignedIn, Portcullis};
use crate::app::SignedIn;
use crate::http::Shutdown;
use crate::http::refusal::unavailable;

/// Routes that keep their instance running, and refuse requests after it was stopped.
pub(super) struct Running<E> {
    instance: Portcullis,
    endpoint: E,
}

impl<E> Running<E> {
    pub(super) fn new(instance: &Portcullis, endpoint: E) -> Self {
        Self { instance: instance.clone(), endpoint }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Running<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if self.instance.is_stopped() {
            return Ok(unavailable());
        }
        self.endpoint.call(request).await
    }
}

/// An application whose requests are waited for when the server stops, except those for its health.
pub(super) struct InFlight<E> {
    endpoint: E,
    shutdown: Shutdown,
}

impl<E> InFlight<E> {
    pub(super) fn new(endpoint: E, shutdown: Shutdown) -> Self {
        Self { endpoint, shutdown }
    }
}

impl<E: Endpoint> Endpoint for InFlight<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let is_probe = ["/health/live", "/health/ready"].iter().any(|path| request.uri().path().ends_with(path));
        let _in_flight = (!is_probe).then(|| self.shutdown.begin_request());
        self.endpoint.call(request).await.map(IntoResponse::into_response)
    }
}

/// The caller of a poem handler, where the application's endpoint has the instance in its data: `.data(portcullis.clone())`.
impl<'a> FromRequest<'a> for SignedIn {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let Some(portcullis) = request.data::<Portcullis>() else {
            tracing::error!("a handler asks for the caller, and no Portcullis is in the endpoint's data");
            return Err(NotSignedIn::Unavailable.into());
        };
        Ok(portcullis.authenticate(request.headers()).await?)
    }
}
