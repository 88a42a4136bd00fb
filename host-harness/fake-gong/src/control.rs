//! The control routes: changes to the company and counts of requests, for a stand-in that runs
//! as a process of its own. They are beside Gong's API, not in it, and are served only if the
//! options say so.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use crate::changes::Change;
use crate::gong::Gong;

/// Where the control routes are. Gong's own paths begin with `/v2/`.
pub const CONTROL: &str = "/stand-in";

/// `POST /stand-in/changes`, `GET` and `DELETE /stand-in/counts`.
pub(crate) fn routes() -> Router<Arc<Gong>> {
    Router::new()
        .route(&format!("{CONTROL}/changes"), post(change))
        .route(&format!("{CONTROL}/counts"), get(counts).delete(clear))
}

/// Makes one change, or a list of them up to the first that cannot be made.
async fn change(
    State(gong): State<Arc<Gong>>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, (StatusCode, String)> {
    let refused = |error: String| (StatusCode::BAD_REQUEST, format!("{error}\n"));
    let changes = match body {
        Value::Array(changes) => changes,
        change => vec![change],
    };
    let changes: Result<Vec<Change>, _> = changes.into_iter().map(serde_json::from_value).collect();
    let mut appeared = Vec::new();
    for change in changes.map_err(|error| refused(error.to_string()))? {
        let calls = gong.change(&change);
        appeared.extend(calls.map_err(|error| refused(format!("{error:#}")))?);
    }
    Ok(Json(
        json!({ "now": gong.now().to_string(), "calls": appeared }),
    ))
}

async fn counts(State(gong): State<Arc<Gong>>) -> Json<Value> {
    let counts = gong.journal.counts();
    Json(json!({
        "requests": counts.requests,
        "paths": counts.paths,
        "statuses": counts.statuses,
        "seconds": counts.seconds,
        "callsMade": gong.company.calls_made(),
    }))
}

async fn clear(State(gong): State<Arc<Gong>>) -> StatusCode {
    gong.journal.clear();
    StatusCode::NO_CONTENT
}
