//! A request's id and its log line.

use std::net::IpAddr;
use std::sync::Arc;

use poem::http::{HeaderValue, Method};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use tracing::{Instrument, Span};

use super::client_address::{address, is_from_trusted_proxy};
use super::request_id::{HEADER, RequestId};
use crate::app::App;
use crate::clock::Stopwatch;
use crate::http::routes::ROUTES;
use crate::http::shutdown::Shutdown;
use crate::{telemetry, traces};

/// Gives each request its id, counts it while it is in flight, and logs and measures it when it is answered.
pub(crate) struct RequestLog {
    pub(crate) app: Arc<App>,
    pub(crate) shutdown: Shutdown,
}

impl<E: Endpoint> Middleware<E> for RequestLog {
    type Output = Logged<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Logged { endpoint, app: self.app.clone(), shutdown: self.shutdown.clone() }
    }
}

pub(crate) struct Logged<E> {
    endpoint: E,
    app: Arc<App>,
    shutdown: Shutdown,
}

impl<E: Endpoint> Endpoint for Logged<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let id = RequestId::of(&request);
        let route = route(request.uri().path());
        let caller = request.header(traces::HEADER).filter(|_| is_from_trusted_proxy(&self.app, &request));
        let trace = traces::request(request.method().as_str(), route, id.as_str(), caller);
        let span = telemetry::request_span(id.as_str(), &trace);
        let _in_flight = (!route.starts_with("/health")).then(|| self.shutdown.begin_request());
        let mut line = Line {
            app: self.app.clone(),
            watch: Stopwatch::start(),
            span: span.clone(),
            trace: trace.clone(),
            method: request.method().clone(),
            route,
            address: address(&request),
            status: GONE,
        };
        request.set_data(id.clone());
        // Boxed, because each future around it would be as large, and is moved.
        let answering = Box::pin(self.endpoint.get_response(request));
        let mut response = traces::within(span, answering).instrument(trace).await.into_response();
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(HEADER, value);
        }
        line.status = response.status().as_u16();
        Ok(response)
    }
}

/// The status in the log when the client went away before there was an answer.
const GONE: u16 = 499;

/// The log line of a request. It is written when this is dropped, even if nobody waits for the answer any more.
struct Line {
    app: Arc<App>,
    watch: Stopwatch,
    span: Span,
    trace: Span,
    method: Method,
    route: &'static str,
    address: Option<IpAddr>,
    status: u16,
}

impl Drop for Line {
    fn drop(&mut self) {
        let Self { span, method, route, status, .. } = self;
        traces::answered(&self.trace, *status);
        let address = self.address.map(tracing::field::display);
        let took = self.watch.elapsed();
        self.app.metrics.requested(route, *status, took);
        let duration_ms = (took.as_secs_f64() * 1e6).round() / 1000.0;
        // A page of mails that is open asks every two seconds.
        if route.starts_with("/health") || route.starts_with("/mail") {
            tracing::debug!(parent: &*span, address, %method, route, status, duration_ms, "request");
        } else {
            tracing::info!(parent: &*span, address, %method, route, status, duration_ms, "request");
        }
    }
}

/// The path if it is one of ours. Clients invent others, which may hold anything.
fn route(path: &str) -> &'static str {
    match ROUTES.iter().find(|(route, _)| *route == path) {
        Some((route, _)) if route.starts_with("/graphiql/") => "/graphiql",
        Some((route, _)) => route,
        None => "unknown",
    }
}
