//! What one call sends and receives.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use tokio::sync::SetOnce;
use wasmtime_wasi_http::Error;

/// Counts a call's requests and response bytes against their limits.
pub(crate) struct Traffic {
    max_requests: u32,
    max_response_bytes: u64,
    requests: AtomicU32,
    response_bytes: AtomicU64,
    response_too_large: AtomicBool,
    undeclared: SetOnce<String>,
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
