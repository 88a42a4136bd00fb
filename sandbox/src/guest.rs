//! What the host keeps for one call: the data of its wasmtime store.

use std::sync::Arc;
use std::time::Instant;

use http::Request;
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::clocks::WasiClocksCtx;
use wasmtime_wasi_http::{RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::exchanges::{ExchangeFuture, Exchanges, SendRequest};
use crate::imports::WallClock;
use crate::limits::Limits;
use crate::operations::Stated;
use crate::outbound::{Hooks, Traffic};
use crate::run::{Env, Run};

/// Host objects (requests, streams, headers…) that a component may hold at once.
const RESOURCES: usize = 512;

/// The state of one call.
pub(crate) struct Guest {
    pub(crate) env: Env,
    pub(crate) wall_clock: WallClock,
    pub(crate) clocks: WasiClocksCtx,
    http: WasiHttpCtx,
    pub(crate) hooks: Hooks,
    pub(crate) exchanges: Exchanges,
    pub(crate) table: ResourceTable,
    pub(crate) memory: MemoryLimit,
}

impl Guest {
    pub(crate) fn new(run: &Run, operations: Arc<Stated>, limits: &Limits, start: Instant) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        Self {
            env: run.env.clone(),
            wall_clock: WallClock(run.now),
            clocks: WasiClocksCtx::default(),
            http: WasiHttpCtx::new(),
            hooks: Hooks::new(
                run.outbound.clone(),
                Traffic::new(limits.requests, limits.response_bytes),
                start + limits.wall_time.mul_f32(0.95),
                run.gate.clone(),
                operations,
            ),
            exchanges: Exchanges::default(),
            table,
            memory: MemoryLimit {
                limit: limits.memory,
                refused: false,
            },
        }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

impl SendRequest for Guest {
    fn exchanges(&self) -> &Exchanges {
        &self.exchanges
    }

    fn send(&self, request: Request<WasiBody>, options: RequestOptions) -> ExchangeFuture {
        self.hooks.send(request, options)
    }
}

/// Refuses memory over the limit, and remembers that it did.
pub(crate) struct MemoryLimit {
    limit: usize,
    pub(crate) refused: bool,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits = desired <= self.limit;
        self.refused |= !fits;
        Ok(fits)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= 20_000)
    }
}
