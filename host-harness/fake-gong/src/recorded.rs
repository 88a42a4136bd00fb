//! Answers kept and given again, so that a client can be measured and not the stand-in.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{PoisonError, RwLock};

use axum::Router;
use axum::body::{Body, Bytes};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tower::ServiceExt;

/// The answers so far, but for those that tell of a fault or a limit, by what was asked.
#[derive(Default)]
pub(crate) struct Recorded {
    answers: RwLock<HashMap<Asked, (StatusCode, HeaderMap, Bytes)>>,
}

type Asked = (Method, Uri, Bytes);

impl Recorded {
    /// The recorded answer, or the router's, which is recorded if it is a 200 or 404.
    pub(crate) async fn answer(
        &self,
        router: Router,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes());
        let body = body.unwrap_or_default();
        let asked = (parts.method.clone(), parts.uri.clone(), body.clone());
        let known = {
            let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
            answers.get(&asked).cloned()
        };
        if let Some((status, headers, body)) = known {
            let mut response = Response::new(Full::from(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            return Ok(response);
        }
        let request = Request::from_parts(parts, Body::from(body));
        let (parts, body) = router.oneshot(request).await?.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes());
        let body = body.unwrap_or_default();
        if matches!(parts.status, StatusCode::OK | StatusCode::NOT_FOUND) {
            let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
            answers.insert(asked, (parts.status, parts.headers.clone(), body.clone()));
        }
        Ok(Response::from_parts(parts, Full::from(body)))
    }
}
