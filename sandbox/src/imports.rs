//! What a component may import.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker, Resource, ResourceTable};
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::{cli, clocks};
use wasmtime_wasi_http::p2::bindings::http as wasi_http;
use wasmtime_wasi_http::{WasiHttp, WasiHttpView};
use wasmtime_wasi_io::bindings::wasi::io;
use wasmtime_wasi_io::streams::Error as IoError;

use crate::engine::{compile, engine};
use crate::exchanges::{self, HTTP_TYPES};
use crate::guest::Guest;
use crate::limits::Limits;
use crate::outbound;
use crate::run::{Env, Run};

/// Resolves the imports, once for all calls.
pub(crate) fn link(component: &Component) -> anyhow::Result<InstancePre<Guest>> {
    let mut linker = Linker::new(component.engine());
    allow(&mut linker)?;
    linker
        .instantiate_pre(component)
        .map_err(anyhow::Error::from)
        .context("the component wants what the sandbox does not give")
}

/// Everything that a component may import.
fn allow(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<_, HasTable>(linker, |guest| &mut guest.table)?;
    io::poll::add_to_linker::<_, HasTable>(linker, |guest| &mut guest.table)?;
    io::streams::add_to_linker::<_, HasTable>(linker, |guest| &mut guest.table)?;
    clocks::wall_clock::add_to_linker::<_, HasSelf<_>>(linker, |guest| &mut guest.wall_clock)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, |guest| WasiClocksCtxView {
        ctx: &mut guest.clocks,
        table: &mut guest.table,
    })?;
    cli::environment::add_to_linker::<_, HasSelf<_>>(linker, |guest| &mut guest.env)?;
    let options = wasi_http::types::LinkOptions::default();
    wasi_http::types::add_to_linker::<_, WasiHttp>(linker, &options, WasiHttpView::http)?;
    wasi_http::outgoing_handler::add_to_linker::<_, WasiHttp>(linker, WasiHttpView::http)?;

    // wasmtime's own `http-error-code` has no code for failures within a response body.
    linker.allow_shadowing(true);
    exchanges::add_to_linker(linker)?;
    linker.instance(HTTP_TYPES)?.func_wrap(
        "http-error-code",
        |store: StoreContextMut<'_, Guest>, (error,): (Resource<IoError>,)| {
            let error = store.data().table.get(&error)?;
            Ok((outbound::error_code_of_body(error),))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

struct HasTable;

impl wasmtime::component::HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// Loads and instantiates a component with exactly what a sandbox gives, whatever it exports,
/// and returns the names of its imports, sorted.
///
/// # Errors
///
/// The bytes are not a component, or it imports more than a sandbox gives.
pub async fn imports(component: &[u8]) -> anyhow::Result<Vec<String>> {
    let limits = Limits::default();
    let pre = link(&compile(&engine(&limits)?, component)?)?;
    let run = Run::empty();
    let mut store = Store::new(
        pre.engine(),
        Guest::new(&run, Arc::default(), &limits, Instant::now()),
    );
    store.limiter(|guest| &mut guest.memory);
    store.set_epoch_deadline(1);
    pre.instantiate_async(&mut store).await?;
    let mut names: Vec<String> = pre
        .component()
        .component_type()
        .imports(pre.engine())
        .map(|(name, _)| name.to_owned())
        .collect();
    names.sort();
    Ok(names)
}

// Not wasmtime's `WasiCtx`: it would seed a random number generator for each call, which no
// component here may import.
impl cli::environment::Host for Env {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.0.clone())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

/// The real time, or a fixed one.
pub(crate) struct WallClock(pub(crate) Option<SystemTime>);

impl clocks::wall_clock::Host for WallClock {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        let now = self.0.unwrap_or_else(SystemTime::now);
        Ok(datetime(
            now.duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default(),
        ))
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        Ok(datetime(Duration::from_nanos(1)))
    }
}

fn datetime(time: Duration) -> Datetime {
    Datetime {
        seconds: time.as_secs(),
        nanoseconds: time.subsec_nanos(),
    }
}
