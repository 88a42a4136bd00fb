//! WASI: the store, the clocks, the environment, HTTP. The only file that names it.

use alloc::vec::Vec;

use crate::{
    bindings::{
        export,
        exports::wasi::http::outgoing_handler::{
            ErrorCode, FutureIncomingResponse, Guest, OutgoingRequest, RequestOptions,
        },
        keyvalue::{
            atomics,
            store::{self, Bucket},
        },
        wasi::{
            cli::environment::get_environment,
            clocks::{monotonic_clock, wall_clock},
            http::outgoing_handler,
        },
    },
    settings::Settings,
    tickets::{self, StoreError, World},
};

struct Component;

impl Guest for Component {
    fn handle(
        request: OutgoingRequest,
        options: Option<RequestOptions>,
    ) -> Result<FutureIncomingResponse, ErrorCode> {
        let refuse = |text| ErrorCode::InternalError(Some(text));
        let settings = Settings::read(&get_environment()).map_err(refuse)?;
        let authority = request.authority().unwrap_or_default();
        let wasi = Wasi {
            store: &settings.store,
        };
        tickets::take(&wasi, &settings, &authority).map_err(refuse)?;
        outgoing_handler::handle(request, options)
    }
}

#[expect(unsafe_code, reason = "what wit-bindgen's export macro writes")]
mod exported {
    use super::{Component, export};

    export!(Component with_types_in crate::bindings);
}

const MILLISECOND: u64 = 1_000_000;

/// The host.
struct Wasi<'a> {
    store: &'a str,
}

impl Wasi<'_> {
    fn open(&self) -> Result<Bucket, StoreError> {
        Ok(store::open(self.store)?)
    }
}

impl World for Wasi<'_> {
    fn increment(&self, key: &str) -> Result<u64, StoreError> {
        let counted = atomics::increment(&self.open()?, key, 1)?;
        #[cfg_attr(
            not(feature = "draft2"),
            expect(
                clippy::useless_conversion,
                reason = "it is signed in one of the drafts"
            )
        )]
        u64::try_from(counted).map_err(|_| StoreError::Other)
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.open()?.get(key)?)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        Ok(self.open()?.set(key, value)?)
    }

    fn now(&self) -> u64 {
        let now = wall_clock::now();
        now.seconds * 1_000 + u64::from(now.nanoseconds) / MILLISECOND
    }

    fn elapsed(&self) -> u64 {
        monotonic_clock::now() / MILLISECOND
    }

    fn pause(&self, milliseconds: u64) {
        if milliseconds > 0 {
            monotonic_clock::subscribe_duration(milliseconds * MILLISECOND).block();
        }
    }
}

impl From<store::Error> for StoreError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NoSuchStore => Self::NoSuchStore,
            store::Error::AccessDenied => Self::AccessDenied,
            store::Error::Other(_) => Self::Other,
        }
    }
}
