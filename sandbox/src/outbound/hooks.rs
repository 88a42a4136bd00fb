//! `wasi:http` for one call: which requests may leave, and when.

use std::sync::Arc;
use std::time::Instant;

use http::{Request, Response, header};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::exchange::exchange;
use super::origin::Origin;
use super::traffic::Traffic;
use super::{Inner, ObjectsPlace, Outbound};
use crate::exchanges::ExchangeFuture;
use crate::gate::{self, Gate};
use crate::objects;
use crate::operations::Stated;

/// `wasi:http` for one call.
pub(crate) struct Hooks {
    outbound: Outbound,
    traffic: Arc<Traffic>,
    /// When the call's last exchange must be over.
    deadline: Instant,
    gate: Option<Arc<dyn Gate>>,
    operations: Arc<Stated>,
}

impl Hooks {
    pub(crate) fn new(
        outbound: Outbound,
        traffic: Traffic,
        deadline: Instant,
        gate: Option<Arc<dyn Gate>>,
        operations: Arc<Stated>,
    ) -> Self {
        Self {
            outbound,
            traffic: Arc::new(traffic),
            deadline,
            gate,
            operations,
        }
    }

    pub(crate) fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    fn allow<B>(&self, request: &Request<B>) -> Result<Arc<Inner>, Error> {
        self.traffic.count_request()?;
        let origin = Origin::of(request.uri()).map_err(|_| Error::HttpRequestUriInvalid)?;
        let Some(inner) = self
            .outbound
            .api
            .as_ref()
            .filter(|one| one.origin == origin)
        else {
            tracing::warn!(%origin, "denied a request");
            return Err(Error::HttpRequestDenied);
        };
        if let Err(request) = self.operations.check(request) {
            tracing::warn!(
                request,
                "denied a request that is none of the tool's operations"
            );
            self.traffic.note_undeclared(request);
            return Err(Error::HttpRequestDenied);
        }
        Ok(Arc::clone(inner))
    }

    /// The place of objects, if that is where a request goes.
    fn objects<B>(&self, request: &Request<B>) -> Option<&ObjectsPlace> {
        let objects = self.outbound.objects.as_ref()?;
        let origin = Origin::of(request.uri()).ok()?;
        (objects.origin == origin).then_some(&objects.place)
    }

    /// An exchange with the place of objects, which is none with the API.
    fn send_to_objects(
        &self,
        place: ObjectsPlace,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> ExchangeFuture {
        // Whatever the component sends, the credentials of the API are for the API.
        request.headers_mut().remove(header::AUTHORIZATION);
        let permit = match self.traffic.begin_object() {
            Ok(permit) => permit,
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        };
        let most = self.traffic.max_response_bytes();
        let deadline = self.deadline.into();
        match place {
            ObjectsPlace::Inside(store) => Box::pin(objects::http::answer(
                store, request, options, most, deadline, permit,
            )),
            ObjectsPlace::Outside(server) => Box::pin(async move {
                let traffic = Arc::new(Traffic::new(1, most));
                let response = exchange(&server, request, options, traffic, deadline).await;
                drop(permit);
                response
            }),
        }
    }

    /// Sends a request, if its origin and operation are allowed, when the gate admits it.
    pub(crate) fn send(
        &self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> ExchangeFuture {
        if let Some(place) = self.objects(&request) {
            return self.send_to_objects(place.clone(), request, options);
        }
        let inner = match self.allow(&request) {
            Ok(inner) => inner,
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        };
        if let Some(value) = &inner.authorization {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, value.clone());
        }
        let traffic = Arc::clone(&self.traffic);
        let (deadline, gate) = (self.deadline, self.gate.clone());
        Box::pin(async move {
            let admitted = match &gate {
                Some(gate) => match gate::admit(&**gate, deadline).await {
                    Ok(admitted) => Some(admitted),
                    Err(refused) => return Ok(refused.into_response()),
                },
                None => None,
            };
            let response = exchange(&inner, request, options, traffic, deadline.into()).await;
            match (admitted, &response) {
                (Some(admitted), Ok(response)) => admitted.answered(response),
                (Some(admitted), Err(error)) if never_left(error) => admitted.unreached(),
                _ => {}
            }
            response
        })
    }
}

/// Whether an exchange surely failed before there was a connection, so that nothing was sent.
/// Errors that can also come later are not among these.
fn never_left(error: &Error) -> bool {
    matches!(
        error,
        Error::ConnectionRefused
            | Error::ConnectionTimeout
            | Error::DestinationIpProhibited
            | Error::DnsError { .. }
            | Error::TlsCertificateError
    )
}

type Exchange = (
    Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

impl WasiHttpHooks for Hooks {
    /// The trait requires it; `exchanges` replaces the function that would call it.
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _upload: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Exchange, Error>> + Send> {
        let exchange = self.send(request, options.unwrap_or_default());
        Box::new(async move {
            let done: Box<dyn Future<Output = _> + Send> = Box::new(std::future::ready(Ok(())));
            Ok((exchange.await?, done))
        })
    }
}
