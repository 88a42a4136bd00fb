//! Objects behind `GONG_INDEX_URL`: GET, PUT and DELETE with ETags.

use core::cell::{Cell, RefCell};

use crate::{
    client::{
        Gong,
        request::{Method, Precondition, Request, Response},
    },
    error::Case,
    prelude::*,
    settings::IndexUrl,
};

/// How long a tool call waits for the store in all, in ms. A store that is slower helps nobody.
const MOST_MS: u64 = 5_000;
/// The same where the store must not be given up.
const MOST_MS_PATIENT: u64 = 40_000;
/// The time-out of one exchange, in seconds.
const TIMEOUT_SECONDS: u64 = 3;
/// The content type of all objects.
const CONTENT_TYPE: &str = "application/octet-stream";

/// Why the store could not do something, as a part of a sentence.
pub(super) type Fault = String;

/// An object and its version.
pub(super) struct Object {
    pub(super) bytes: Vec<u8>,
    pub(super) etag: String,
}

/// What came of writing or deleting an object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was done. The ETag is absent if the store sends none for what is written.
    Done(Option<String>),
    /// The precondition does not hold: somebody else was faster.
    Changed,
}

/// The store for one tool call. After its first fault it is not used any more.
pub(super) struct Store<'g, 'w> {
    gong: &'g Gong<'w>,
    url: &'g IndexUrl,
    most_ms: u64,
    spent_ms: Cell<u64>,
    fault: RefCell<Option<Fault>>,
}

impl<'g, 'w> Store<'g, 'w> {
    /// The store of the settings; none without `GONG_INDEX_URL`.
    pub(super) fn of(gong: &'g Gong<'w>) -> Option<Self> {
        Some(Self {
            gong,
            url: gong.settings.index.as_ref()?,
            most_ms: MOST_MS,
            spent_ms: Cell::new(0),
            fault: RefCell::new(None),
        })
    }

    /// The same for what must not be given up: it waits longer.
    pub(super) fn patient(self) -> Self {
        Self {
            most_ms: MOST_MS_PATIENT,
            ..self
        }
    }

    /// The object; none if there is none.
    ///
    /// # Errors
    /// Any answer but 200 and 404, and any fault before.
    pub(super) fn get(&self, name: &str) -> Result<Option<Object>, Fault> {
        let response = self.exchange(Method::Get, name, None, Precondition::Any)?;
        match (response.status, response.etag) {
            (200, Some(etag)) => Ok(Some(Object {
                bytes: response.body,
                etag,
            })),
            (200, None) => Err(self.fail("sends no ETag".into())),
            (404, _) => Ok(None),
            (status, _) => Err(self.fail(format!("answered a GET with {status}"))),
        }
    }

    /// Writes an object.
    ///
    /// # Errors
    /// Any answer but a 2xx and 412, and any fault before.
    pub(super) fn put(
        &self,
        name: &str,
        bytes: &[u8],
        if_: Precondition<'_>,
    ) -> Result<Written, Fault> {
        let response = self.exchange(Method::Put, name, Some(bytes), if_)?;
        match response.status {
            200..300 => Ok(Written::Done(response.etag)),
            412 => Ok(Written::Changed),
            507 | 413 => Err(self.fail("is full".into())),
            status => Err(self.fail(format!("answered a PUT with {status}"))),
        }
    }

    /// Deletes an object, if it is there.
    ///
    /// # Errors
    /// Any answer but a 2xx, 404 and 412, and any fault before.
    pub(super) fn delete(&self, name: &str, if_: Precondition<'_>) -> Result<Written, Fault> {
        let response = self.exchange(Method::Delete, name, None, if_)?;
        match response.status {
            200..300 | 404 => Ok(Written::Done(None)),
            412 => Ok(Written::Changed),
            status => Err(self.fail(format!("answered a DELETE with {status}"))),
        }
    }

    /// The first fault.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.borrow().clone()
    }

    fn fail(&self, why: String) -> Fault {
        self.fault.borrow_mut().get_or_insert(why).clone()
    }

    fn exchange(
        &self,
        method: Method,
        name: &str,
        body: Option<&[u8]>,
        object: Precondition<'_>,
    ) -> Result<Response, Fault> {
        // A lease is given back to a store that is full, too.
        if let Some(fault) = self.fault().filter(|_| method != Method::Delete) {
            return Err(fault);
        }
        if self.spent_ms.get() > self.most_ms {
            return Err(self.fail("is too slow".into()));
        }
        let began = self.gong.elapsed_ms();
        let response = self.gong.exchange_object(&Request {
            method,
            scheme: self.url.scheme,
            authority: &self.url.authority,
            path: &format!("{}{name}", self.url.folder),
            // Gong's credentials are for Gong only.
            authorization: None,
            body: body.map(|body| (CONTENT_TYPE, body)),
            object: Some(object),
            timeout_seconds: TIMEOUT_SECONDS,
            most_ms: None,
        });
        let spent = self.gong.elapsed_ms().saturating_sub(began);
        self.spent_ms.set(self.spent_ms.get() + spent);
        response.map_err(|error| {
            self.fail(match error.case() {
                Case::TimedOut => "did not answer in time".into(),
                Case::NetworkDenied => "is not allowed by the gateway's network policy".into(),
                _ => "is not reached".into(),
            })
        })
    }
}
