//! What the server measures of its own work, in the text format of Prometheus.
//!
//! Labels are bounded: what a client can invent is `other`.

mod family;
mod names;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::metrics::{Counter, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

use crate::error::{Error, OrInternal};
use family::Family;
use names::{ALL, DURATIONS, Kind, LONGEST_LABEL};

pub(crate) use names::*;

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

/// What an instance measures. Where it is off, nothing is kept.
#[derive(Default)]
pub(crate) struct Metrics(Option<Box<Kept>>);

struct Kept {
    recorder: PrometheusRecorder,
    requests: Family<(&'static str, u16), Histogram>,
    operations: Family<String, Histogram>,
    /// By field and by result.
    results: Family<String, Arc<Family<String, Counter>>>,
}

/// Durations of one kind.
#[derive(Clone, Default)]
pub(crate) struct Durations(Option<Histogram>);

impl Durations {
    pub(crate) fn record(&self, took: Duration) {
        if let Some(histogram) = &self.0 {
            histogram.record(took);
        }
    }
}

impl Metrics {
    /// Metrics that are kept if `on` says so.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub(crate) fn new(on: bool) -> Result<Self, Error> {
        if !on {
            return Ok(Self(None));
        }
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &DURATIONS);
        let recorder = builder.or_internal()?.build_recorder();
        for Measured { name, help, kind } in ALL {
            match kind {
                Kind::Histogram => recorder.describe_histogram((*name).into(), None, (*help).into()),
                Kind::Total => recorder.describe_counter((*name).into(), None, (*help).into()),
                Kind::Gauge => recorder.describe_gauge((*name).into(), None, (*help).into()),
            }
        }
        let (requests, operations, results) = (Family::default(), Family::default(), Family::default());
        Ok(Self(Some(Box::new(Kept { recorder, requests, operations, results }))))
    }

    /// Durations of this kind, to be kept by whoever measures them.
    pub(crate) fn durations(&self, of: Measured) -> Durations {
        let histogram = |kept: &Kept| kept.recorder.register_histogram(&Key::from_name(of.name), &METADATA);
        Durations(self.0.as_deref().map(histogram))
    }

    /// Whether anything is kept.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A request was answered, on this route.
    pub(crate) fn requested(&self, route: &'static str, status: u16, took: Duration) {
        let Some(kept) = &self.0 else { return };
        let histogram = kept.requests.of(&(route, status), |(route, status)| {
            let labels = vec![Label::new("route", *route), Label::new("status", status.to_string())];
            kept.recorder.register_histogram(&Key::from_parts(HTTP_DURATION.name, labels), &METADATA)
        });
        histogram.record(took);
    }

    /// An operation was executed. Its name is one that the operator registered, or `other`.
    pub(crate) fn executed(&self, operation: &str, took: Duration) {
        let Some(kept) = &self.0 else { return };
        let end = operation.char_indices().nth(LONGEST_LABEL).map_or(operation.len(), |(index, _)| index);
        let histogram = kept.operations.of(&operation[..end], |name| {
            let labels = vec![Label::new("operation", name.to_owned())];
            kept.recorder.register_histogram(&Key::from_parts(GRAPHQL_DURATION.name, labels), &METADATA)
        });
        histogram.record(took);
    }

    /// A root field was answered by this member of its union, or by an error of this code.
    pub(crate) fn answered(&self, field: &str, result: &str) {
        let Some(kept) = &self.0 else { return };
        let counter = kept.results.of(field, |_| Arc::default()).of(result, |result| {
            let labels = vec![Label::new("field", field.to_owned()), Label::new("result", result.to_owned())];
            kept.recorder.register_counter(&Key::from_parts(GRAPHQL_RESULTS.name, labels), &METADATA)
        });
        counter.increment(1);
    }

    /// Everything, with these readings of now. `None` where nothing is kept.
    pub(crate) fn render(&self, readings: impl IntoIterator<Item = Reading>) -> Option<String> {
        let kept = self.0.as_ref()?;
        for Reading { of, label, value } in readings {
            let labels: Vec<_> = label.into_iter().map(|(label, name)| Label::new(label, name)).collect();
            let key = Key::from_parts(of.name, labels);
            match of.kind {
                Kind::Total => kept.recorder.register_counter(&key, &METADATA).absolute(value as u64),
                Kind::Gauge | Kind::Histogram => kept.recorder.register_gauge(&key, &METADATA).set(value),
            }
        }
        Some(kept.recorder.handle().render())
    }

    /// Puts durations into their buckets. Until then each takes memory of its own.
    pub(crate) fn tidy(&self) {
        if let Some(kept) = &self.0 {
            kept.recorder.handle().run_upkeep();
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metrics({})", if self.is_on() { "on" } else { "off" })
    }
}
