//! What one call sends and receives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SetOnce};
use wasmtime_wasi_http::Error;

/// Requests for objects of one call. An index of ten years by weeks is read and written within it.
const OBJECT_REQUESTS: u32 = 2_000;

/// Requests for objects of one call at a time, each of which may hold an object in memory.
const OBJECTS_AT_ONCE: usize = 4;

/// Counts a call's requests and response bytes against their limits.
pub(crate) struct Traffic {
    max_requests: u32,
    max_response_bytes: u64,
    requests: AtomicU32,
    response_bytes: AtomicU64,
    response_too_large: AtomicBool,
    undeclared: SetOnce<String>,
    object_requests: AtomicU32,
    objects: Arc<Semaphore>,
}

impl Traffic {
    pub(crate) fn new(max_requests: u32, max_response_bytes: u64) -> Self {
        Self {
            max_requests,
            max_response_bytes,
            requests: AtomicU32::new(0),
            response_bytes: AtomicU64::new(0),
            response_too_large: AtomicBool::new(false),
            undeclared: SetOnce::new(),
            object_requests: AtomicU32::new(0),
            objects: Arc::new(Semaphore::new(OBJECTS_AT_ONCE)),
        }
    }

    /// Requests sent or attempted.
    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes of bodies received.
    pub(crate) fn response_bytes(&self) -> u64 {
        self.response_bytes.load(Ordering::Relaxed)
    }

    /// Whether a response was over the limit.
    pub(crate) fn response_too_large(&self) -> bool {
        self.response_too_large.load(Ordering::Relaxed)
    }

    /// The first request that was none of the tool's operations, if there was one.
    pub(crate) fn undeclared(&self) -> Option<&String> {
        self.undeclared.get()
    }

    /// Waits for such a request.
    pub(crate) async fn until_undeclared(&self) -> &String {
        self.undeclared.wait().await
    }

    pub(super) fn note_undeclared(&self, request: String) {
        // Only the first one counts.
        let _ = self.undeclared.set(request);
    }

    pub(super) fn count_request(&self) -> Result<(), Error> {
        if self.requests.fetch_add(1, Ordering::Relaxed) < self.max_requests {
            Ok(())
        } else {
            Err(Error::ConnectionLimitReached)
        }
    }

    /// Bytes that the body of a response may have.
    pub(super) fn max_response_bytes(&self) -> u64 {
        self.max_response_bytes
    }

    /// Counts a request for an object, which lasts until the permit is dropped.
    pub(super) fn begin_object(&self) -> Result<OwnedSemaphorePermit, Error> {
        let before = self.object_requests.fetch_add(1, Ordering::Relaxed);
        let permit = Arc::clone(&self.objects).try_acquire_owned();
        permit
            .ok()
            .filter(|_| before < OBJECT_REQUESTS)
            .ok_or(Error::ConnectionLimitReached)
    }

    pub(super) fn count_response_bytes(&self, bytes: u64) {
        self.response_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn check_size(&self, size: u64) -> Result<(), Error> {
        if size <= self.max_response_bytes {
            return Ok(());
        }
        self.response_too_large.store(true, Ordering::Relaxed);
        Err(Error::HttpResponseBodySize(Some(size)))
    }
}
