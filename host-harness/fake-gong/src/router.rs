//! What every request goes through on its way to an operation and back.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, RawPathParams, Request, State};
use axum::middleware::{self, Next};
use axum::routing::{MethodFilter, on};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;

use crate::auth;
use crate::contract::Contract;
use crate::control;
use crate::faults::Fault;
use crate::gong::Gong;
use crate::journal::SeenRequest;
use crate::multipart;
use crate::operation::{Operation, Takes};
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult, UNDOCUMENTED, http_response};
use crate::routes;

/// The routes of all operations.
pub(crate) fn router(gong: Arc<Gong>) -> Router {
    let mut router = Router::new();
    for operation in routes::all() {
        let method = MethodFilter::try_from(operation.method.clone())
            .expect("Gong's operations have the usual methods");
        let handler = move |State(gong): State<Arc<Gong>>, path: RawPathParams, request| {
            handle(gong, operation, path, request)
        };
        router = router.route(operation.path, on(method, handler));
    }
    let mut router = router
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&gong),
            handle_all,
        ));
    if gong.options.control {
        // After the layer: what a test does to the company is no request to Gong.
        router = router.merge(control::routes());
    }
    router.with_state(gong)
}

/// What all requests go through: the log, faults, credentials, limits.
async fn handle_all(State(gong): State<Arc<Gong>>, request: Request, next: Next) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    let number = gong.journal.add_request(SeenRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: seen_headers(&head.headers),
        body: body.to_vec(),
        status: 0,
    });
    let fault = gong.faults.take(head.uri.path());
    if let Some(Fault::Slow(pause)) = &fault {
        tokio::time::sleep(*pause).await;
    }
    let options = &gong.options;
    let instead = fault
        .as_ref()
        .and_then(|fault| fault.instead(&gong.request_id()));
    let response = match instead {
        Some(instead) => instead,
        None => {
            let allowed = auth::authenticate(&head.headers, options)
                .and_then(|()| gong.limits.take(options, gong.today()));
            match allowed {
                Ok(()) => next.run(Request::from_parts(head, Body::from(body))).await,
                Err(error) => http_response(Err(error), &gong.request_id()),
            }
        }
    };
    gong.journal.set_status(number, response.status().as_u16());
    match fault {
        Some(fault) => fault.spoil(response).await,
        None => response,
    }
}

/// The headers for the log, without the credentials.
fn seen_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| **name != AUTHORIZATION)
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        })
        .collect()
}

/// Answers one request for one operation.
async fn handle(
    gong: Arc<Gong>,
    operation: &'static Operation,
    path: RawPathParams,
    request: Request,
) -> Response<Body> {
    let path = path
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let result = match read(&gong, operation, path, request).await {
        Ok(request) => {
            let result = perform(&gong, operation, &request);
            if operation.writes && result.is_ok() {
                gong.journal.add_write(&operation.method, request);
            }
            result
        }
        Err(error) => Err(error),
    };
    http_response(result, &gong.request_id())
}

fn perform(gong: &Gong, operation: &Operation, request: &ApiRequest) -> ApiResult {
    auth::grant(operation.scope, &gong.options)?;
    if let Some(ignored) = Contract::ignored_cursor(&operation.method, request) {
        gong.journal.add_violation(ignored);
    }
    if let Err(error) = gong.contract.check(&operation.method, request) {
        let errors = error.errors.join("; ");
        let violation = format!("{} {}: {errors}", operation.method, operation.path);
        gong.journal.add_violation(violation);
        return Err(error);
    }
    (operation.run)(gong, request)
}

/// Parses the parts of a request that the operation takes.
async fn read(
    gong: &Gong,
    operation: &'static Operation,
    path: Vec<(String, String)>,
    request: Request,
) -> Result<ApiRequest, ApiError> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri())
        .map_err(|_| ApiError::bad_request("the query is malformed"))?
        .0;
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    let mut request = ApiRequest {
        operation: operation.path,
        path,
        query,
        ..ApiRequest::default()
    };
    match operation.takes {
        Takes::Nothing if body.is_empty() => {}
        Takes::Nothing => {
            let Operation { method, path, .. } = operation;
            gong.journal
                .add_violation(format!("{method} {path}: a body"));
            return Err(ApiError::bad_request(format!(
                "body: unknown {UNDOCUMENTED}"
            )));
        }
        Takes::Json if !is_json(&head.headers) => return Err(ApiError::unsupported_media_type()),
        Takes::Json => {
            request.body = serde_json::from_slice(&body).map_err(|error| {
                ApiError::bad_request(format!("Malformed request body: {error}"))
            })?;
        }
        Takes::Parts => request.parts = multipart::parts(&head.headers, body).await?,
    }
    Ok(request)
}

/// Whether the request says that its body is JSON.
fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// 404 for what Gong does not have; 501 for what only the stand-in does not have yet.
async fn unknown_path(State(gong): State<Arc<Gong>>, request: Request) -> Response<Body> {
    let (method, path) = (request.method(), request.uri().path());
    let error = if gong.contract.knows(method, path) {
        ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            format!("{method} {path}: Gong has this operation, the stand-in does not yet"),
        )
    } else {
        gong.journal
            .add_violation(format!("{method} {path}: Gong has no such path"));
        ApiError::not_found("routeNotFound")
    };
    http_response(Err(error), &gong.request_id())
}

/// 405, unless it is only the stand-in that lacks the method.
async fn wrong_method(State(gong): State<Arc<Gong>>, request: Request) -> Response<Body> {
    let (method, path) = (request.method(), request.uri().path());
    if gong.contract.knows(method, path) {
        return unknown_path(State(Arc::clone(&gong)), request).await;
    }
    gong.journal
        .add_violation(format!("{method} {path}: Gong has no such method there"));
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
    http_response(Err(error), &gong.request_id())
}
