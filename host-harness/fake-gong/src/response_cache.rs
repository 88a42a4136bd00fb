//! Responses that are kept and sent again, so that a benchmark measures the client and not the
//! stand-in.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{PoisonError, RwLock};

use axum::Router;
use axum::body::{Body, Bytes};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tower::ServiceExt;

use crate::control::CONTROL;

/// The responses so far, by request. Those of faults and limits are not kept.
#[derive(Default)]
pub(crate) struct ResponseCache {
    responses: RwLock<HashMap<Key, (StatusCode, HeaderMap, Bytes)>>,
}

type Key = (Method, Uri, Bytes);

impl ResponseCache {
    /// Forgets them all.
    pub(crate) fn clear(&self) {
        let responses = self.responses.write();
        let mut responses = responses.unwrap_or_else(PoisonError::into_inner);
        responses.clear();
    }

    /// The kept response, or the router's, which is kept if it is a 200 or 404.
    pub(crate) async fn respond(
        &self,
        router: Router,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let is_control = parts.uri.path().starts_with(CONTROL);
        let body = body.collect().await.map(|body| body.to_bytes());
        let body = body.unwrap_or_default();
        let key = (parts.method.clone(), parts.uri.clone(), body.clone());
        let kept = if is_control {
            None
        } else {
            let responses = self.responses.read();
            let responses = responses.unwrap_or_else(PoisonError::into_inner);
            responses.get(&key).cloned()
        };
        if let Some((status, headers, body)) = kept {
            let mut response = Response::new(Full::from(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            return Ok(response);
        }
        let request = Request::from_parts(parts, Body::from(body));
        let (parts, body) = router.oneshot(request).await?.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes());
        let body = body.unwrap_or_default();
        if !is_control && matches!(parts.status, StatusCode::OK | StatusCode::NOT_FOUND) {
            let responses = self.responses.write();
            let mut responses = responses.unwrap_or_else(PoisonError::into_inner);
            responses.insert(key, (parts.status, parts.headers.clone(), body.clone()));
        }
        Ok(Response::from_parts(parts, Full::from(body)))
    }
}
