//! One connection: HTTP/1.1, with bounds on what its client may send and how slowly.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulConnection;
use poem::Endpoint;
use poem::http::uri::Scheme;
use poem::http::{HeaderValue, header};
use poem::web::{LocalAddr, RemoteAddr};
use tokio::net::TcpStream;

use super::io_timeout::{Exchanges, IoTimeouts, Ongoing, TimedIo};
use crate::app::App;

/// How many bytes of an answer the kernel buffers for a client that does not read it. Its default may be megabytes.
const SEND_BUFFER: usize = 64 * 1024;

/// hyper's own bound on the number of headers, for which it needs no memory of its own.
const HEADERS_ON_THE_STACK: usize = 100;

/// How many bytes hyper reads ahead of a body, and buffers of an answer.
const BUFFER: usize = 64 * 1024;

/// Serves connections.
pub(crate) struct Connections<E> {
    endpoint: Arc<E>,
    http1: http1::Builder,
    limits: IoTimeouts,
    requests: usize,
    local: LocalAddr,
}

impl<E: Endpoint + 'static> Connections<E> {
    pub(crate) fn new(app: &App, endpoint: E, local: SocketAddr) -> Self {
        let settings = &app.config.connections;
        let limits = IoTimeouts {
            headers: settings.header_timeout,
            keep_alive: settings.keep_alive_timeout,
            write: settings.write_timeout,
        };
        let mut http1 = http1::Builder::new();
        // The socket has its own timeouts.
        http1.header_read_timeout(None);
        http1.max_header_size(settings.max_header_bytes);
        http1.max_buf_size(BUFFER.max(settings.max_header_bytes));
        if settings.max_headers != HEADERS_ON_THE_STACK {
            http1.max_headers(settings.max_headers);
        }
        let requests = settings.keep_alive_requests;
        Self { endpoint: Arc::new(endpoint), http1, limits, requests, local: LocalAddr(local.into()) }
    }

    /// Serves the connection until it ends.
    pub(crate) fn serve(
        &self,
        socket: TcpStream,
        peer: SocketAddr,
    ) -> impl GracefulConnection<Error = hyper::Error> + Send + use<E> {
        prepare(&socket, self.limits);
        let exchanges = Exchanges::default();
        let socket = TimedIo::new(socket, self.limits, exchanges.clone());
        let (endpoint, local, requests) = (self.endpoint.clone(), self.local.clone(), self.requests);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let (ongoing, number) = exchanges.begin();
            let request = poem::Request::from((request, local.clone(), RemoteAddr(peer.into()), Scheme::HTTP));
            let endpoint = endpoint.clone();
            async move {
                let mut response: hyper::Response<_> = endpoint.get_response(request).await.into();
                if number >= requests {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response.map(|body| Answer { body, _ongoing: ongoing }))
            }
        });
        self.http1.serve_connection(TokioIo::new(socket), service)
    }
}

/// A connection works without these options, so their errors are ignored.
fn prepare(socket: &TcpStream, limits: IoTimeouts) {
    use rustix::net::sockopt;
    let _ = socket.set_nodelay(true);
    let _ = sockopt::set_socket_send_buffer_size(socket, SEND_BUFFER);
    // After this time the kernel gives up what was written to a client that is gone or no longer reads.
    #[cfg(target_os = "linux")]
    let _ = sockopt::set_tcp_user_timeout(socket, limits.write.as_millis().try_into().unwrap_or(u32::MAX));
    #[cfg(not(target_os = "linux"))]
    let _ = limits;
}

/// The body of an answer. Its request counts as being answered until this is dropped.
struct Answer<B> {
    body: B,
    _ongoing: Ongoing,
}

impl<B: Body + Unpin> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
