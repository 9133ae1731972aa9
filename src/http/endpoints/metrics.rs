//! `/metrics`, on a listener of its own.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::Data;
use poem::{Endpoint, EndpointExt, IntoResponse, Response, Route, get, handler};

use crate::app::App;

/// What Prometheus asks for (exposition formats, text-based format).
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The routes of that listener.
pub(crate) fn routes(app: &Arc<App>) -> impl Endpoint<Output = Response> + use<> {
    Route::new().at("/metrics", get(metrics)).data(app.clone()).map_to_response()
}

#[handler]
fn metrics(Data(app): Data<&Arc<App>>) -> Response {
    match app.measured() {
        Some(text) => text.with_content_type(CONTENT_TYPE).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
