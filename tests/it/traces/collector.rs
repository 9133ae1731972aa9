//! A collector of traces that keeps what it gets.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1 as proto;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{EndpointExt, Route, Server, handler, post};
use prost::Message;

type Bodies = Arc<Mutex<Vec<Vec<u8>>>>;

pub(super) struct Collector {
    pub(super) url: String,
    bodies: Bodies,
    serving: tokio::task::JoinHandle<()>,
}

/// A span as the collector got it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) name: String,
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: String,
    attributes: Vec<(String, String)>,
}

impl Span {
    pub(super) fn attribute(&self, name: &str) -> String {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.unwrap_or_else(|| panic!("no {name}: {self:?}")).1.clone()
    }
}

#[handler]
fn accept(body: Vec<u8>, bodies: Data<&Bodies>) {
    bodies.lock().expect("a lock").push(body);
}

impl Collector {
    pub(super) async fn start() -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a port");
        let address = acceptor.local_addr().remove(0).as_socket_addr().copied().expect("an address");
        let bodies = Bodies::default();
        let route = Route::new().at("/v1/traces", post(accept)).data(bodies.clone());
        let serving =
            tokio::spawn(async move { Server::new_with_acceptor(acceptor).run(route).await.expect("a server") });
        Self { url: format!("http://{address}"), bodies, serving }
    }

    /// All spans.
    pub(super) fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().expect("a lock");
        let requests = bodies.iter().map(|body| ExportTraceServiceRequest::decode(&body[..]).expect("spans"));
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).map(read).collect()
    }

    /// Whether a text stands anywhere in what came.
    pub(super) fn has(&self, text: &str) -> bool {
        let bodies = self.bodies.lock().expect("a lock");
        bodies.iter().any(|body| body.windows(text.len()).any(|part| part == text.as_bytes()))
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn read(span: proto::Span) -> Span {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let text = |value: Option<Value>| match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    let attributes = span.attributes.into_iter();
    let attributes = attributes.map(|pair| (pair.key, text(pair.value.and_then(|value| value.value)))).collect();
    let (trace, id, parent) = (hex(&span.trace_id), hex(&span.span_id), hex(&span.parent_span_id));
    Span { name: span.name, trace, id, parent, attributes }
}
