//! The export of traces to a collector, by OTLP over HTTP.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::config::Traces;
use crate::error::{Error, OrInternal};
use crate::traces::TARGET;

/// How long the collector may take to accept spans. Then they are lost.
const TIMEOUT: Duration = Duration::from_secs(3);

/// An export that goes on until it is [stopped](Self::stop).
#[must_use]
pub struct Export(Option<SdkTracerProvider>);

impl Export {
    /// The export that these settings ask for.
    pub(super) fn new(traces: Option<&Traces>) -> Result<Self, Error> {
        traces.map(provider).transpose().map(Self)
    }

    /// The layer that takes the spans of traces, and nothing of the log.
    pub(super) fn layer<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let tracer = self.0.as_ref()?.tracer("portcullis");
        let spans = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
        Some(spans.with_tracked_inactivity(false).with_filter(filter_fn(|metadata| metadata.target() == TARGET)))
    }

    /// Exports what is left. Waits for the collector, but not for long.
    pub async fn stop(self) {
        let Some(provider) = self.0 else { return };
        let stopped = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(TIMEOUT)).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!(%error, "the last traces may be lost");
        }
    }
}

fn provider(traces: &Traces) -> Result<SdkTracerProvider, Error> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(traces.endpoint.clone())
        .with_timeout(TIMEOUT)
        .build()
        .or_internal()?;
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_service_name("portcullis").with_attribute(version).build();
    // By the trace's id, whatever the flag of a client says. What clients make too many of is dropped.
    let sampler = Sampler::TraceIdRatioBased(traces.ratio);
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_sampler(sampler).with_resource(resource).build())
}
