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

pub(crate) struct Collector {
    pub(crate) url: String,
    bodies: Bodies,
    serving: tokio::task::JoinHandle<()>,
}

/// A span as the collector got it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    attributes: Vec<(String, String)>,
}

impl Span {
    pub(crate) fn attribute(&self, name: &str) -> String {
        self.find(name).unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// The attribute, if it has it.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }
}

#[handler]
fn accept(body: Vec<u8>, bodies: Data<&Bodies>) {
    bodies.lock().expect("a lock").push(body);
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a port");
        let address = acceptor.local_addr().remove(0).as_socket_addr().copied().expect("an address");
        let bodies = Bodies::default();
        let route = Route::new().at("/v1/traces", post(accept)).data(bodies.clone());
        let serving =
            tokio::spawn(async move { Server::new_with_acceptor(acceptor).run(route).await.expect("a server") });
        Self { url: format!("http://{address}"), bodies, serving }
    }

    /// All spans.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().expect("a lock");
        let requests = bodies.iter().map(|body| ExportTraceServiceRequest::decode(&body[..]).expect("spans"));
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).map(read).collect()
    }

    /// Whether a text stands anywhere in what came: in names, attributes, events, links or the resource.
    pub(crate) fn has(&self, text: &str) -> bool {
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
