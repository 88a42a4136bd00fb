//! One call, one fresh instance, within limits.
//!
//! Instances are cheap (about 10 µs: pooled memory, everything resolved once at loading), so
//! none is ever used twice, and nothing can leak from one call into the next.

use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, ensure};
use http::Request;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker, Resource, ResourceTable};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, ResourceLimiter,
    Store, StoreContextMut, UpdateDeadline,
};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::{cli, clocks};
use wasmtime_wasi_http::p2::bindings::http as wasi_http;
use wasmtime_wasi_http::{
    RequestOptions, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpView,
};
use wasmtime_wasi_io::bindings::wasi::io;
use wasmtime_wasi_io::streams::Error as IoError;

pub use crate::bindings::exports::gong::tools::mcp_guide::{
    GuideError, Prompt, PromptArgument, Resource as ToolResource,
};
pub use crate::bindings::exports::gong::tools::mcp_tools::{
    Annotations, Classification, Effect, Tool,
};
use crate::bindings::{GongMcp, GongMcpPre};
use crate::exchanges::{self, Exchanges, Exchanging, HTTP_TYPES, Sends};
use crate::gate::Gate;
use crate::outbound::{self, Hooks, Outbound, Traffic};

mod cache;

/// Calls that run at the same time; more wait for a place.
const CONCURRENT_CALLS: u32 = 128;

/// Host objects (requests, streams, headers…) that a guest may hold at once.
const RESOURCES: usize = 512;

/// How often running WebAssembly is asked to yield to the executor and its time is checked.
const TICK: Duration = Duration::from_millis(10);

/// What one call may use. Going over ends it with a [`SandboxError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory. 64 MiB.
    pub memory: usize,
    /// Time that the guest itself runs; waiting for the network is not counted. 5 s.
    pub cpu: Duration,
    /// Time from the first instruction to the answer, waiting included. 60 s.
    ///
    /// The guest's HTTP exchanges fail a twentieth earlier, so that it can still say why.
    pub wall_time: Duration,
    /// Bytes of one HTTP response's body. 16 MiB.
    ///
    /// The guest gets `HTTP-response-body-size` and may go on.
    pub response_bytes: u64,
    /// HTTP requests. 200.
    ///
    /// The guest gets `connection-limit-reached` for each one beyond and may go on.
    pub requests: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            cpu: Duration::from_secs(5),
            wall_time: Duration::from_secs(60),
            response_bytes: 16 << 20,
            requests: 200,
        }
    }
}

/// What a call is given: whose settings, which network, what time it is.
#[derive(Clone, Debug)]
pub struct Run {
    /// The guest's whole environment.
    pub env: Env,
    /// Where it may send requests.
    pub outbound: Outbound,
    /// What its wall clock shows, standing still; the real time when none. For tests.
    pub now: Option<SystemTime>,
    /// Whose turn its requests await; none await any. One for each call, if it keeps count.
    pub gate: Option<Arc<dyn Gate>>,
}

impl Run {
    /// Neither settings nor network.
    fn nothing() -> Self {
        Self {
            env: Env::default(),
            outbound: Outbound::nowhere(),
            now: None,
            gate: None,
        }
    }
}

/// Names and values of environment variables; `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env(Vec<(String, String)>);

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl Env {
    /// Sets one variable, replacing an earlier value.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(other, _)| other != name);
        self.0.push((name.into(), value.into()));
    }

    /// The value of one variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}

/// What a call answered. An error result is an answer too.
#[derive(Clone, Debug)]
pub struct ToolResult {
    /// For the model: the answer, or the error and what to do about it.
    pub text: String,
    /// The same as a JSON object; none on an error.
    pub structured: Option<Box<RawValue>>,
    /// The call failed; `text` says why.
    pub is_error: bool,
    /// Ids that the API gave to its answers, oldest first, the last 20.
    pub references: Vec<String>,
    /// What the call used.
    pub usage: Usage,
}

/// What a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// From start to answer.
    pub wall_time: Duration,
    /// Of it, time that the guest itself ran.
    pub cpu: Duration,
    /// HTTP requests that it sent or tried to send, those that its gate refused included.
    pub requests: u32,
    /// Bytes of response bodies that it read.
    pub response_bytes: u64,
}

/// Why a call has no answer. The text is a sentence fit for a model to read, free of
/// arguments and settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SandboxError {
    /// The guest failed after it had asked for more than [`Limits::memory`].
    Memory(usize),
    /// The guest ran for longer than [`Limits::cpu`].
    Cpu(Duration),
    /// The call took longer than [`Limits::wall_time`].
    WallTime(Duration),
    /// The guest failed after a response over [`Limits::response_bytes`].
    ResponseBytes(u64),
    /// The guest failed after [`Limits::requests`] were used up.
    Requests(u32),
    /// The guest failed by itself: a bug in it.
    Trap(String),
    /// The guest's answer is not what the interface promises: a bug in it.
    Answer(String),
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(limit) => write!(
                f,
                "The call was stopped: it needed more than {} of memory. Ask for less at once.",
                bytes(*limit as u64)
            ),
            Self::Cpu(limit) => write!(
                f,
                "The call was stopped: it computed for more than {limit:?}. Ask for less at once."
            ),
            Self::WallTime(limit) => write!(
                f,
                "The call was stopped: it took longer than {limit:?}. Ask for less at once, or try again later."
            ),
            Self::ResponseBytes(limit) => write!(
                f,
                "The call was stopped: a response was larger than {}. Ask for less at once.",
                bytes(*limit)
            ),
            Self::Requests(limit) => write!(
                f,
                "The call was stopped: it needed more than {limit} requests. Ask for less at once."
            ),
            Self::Trap(reason) => {
                write!(f, "The tool crashed, which is a bug in it: {reason}.")
            }
            Self::Answer(reason) => {
                write!(
                    f,
                    "The tool gave a broken answer, which is a bug in it: {reason}."
                )
            }
        }
    }
}

impl std::error::Error for SandboxError {}

/// A call that was stopped, and what it had used by then. Reads as its error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Why it has no answer.
    pub error: SandboxError,
    /// What it had used.
    pub usage: Usage,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Stopped {}

impl From<Stopped> for SandboxError {
    fn from(stopped: Stopped) -> Self {
        stopped.error
    }
}

fn bytes(count: u64) -> String {
    match count {
        n if n >= 1 << 20 && n % (1 << 20) == 0 => format!("{} MiB", n >> 20),
        n if n >= 1 << 10 && n % (1 << 10) == 0 => format!("{} KiB", n >> 10),
        n => format!("{n} bytes"),
    }
}

/// A loaded component, ready to be called any number of times at once.
pub struct Sandbox {
    pre: GongMcpPre<Guest>,
    limits: Limits,
    places: Semaphore,
}

impl Sandbox {
    /// Loads a component from its bytes; compiling takes about 0.1 s.
    ///
    /// # Errors
    ///
    /// The bytes are not a component, it imports what the sandbox does not give (the error
    /// names it), or it does not export `gong:tools/mcp-tools`.
    pub fn load(component: &[u8], limits: Limits) -> anyhow::Result<Self> {
        let engine = engine(&limits)?;
        Self::new(compile(&engine, component)?, limits)
    }

    /// As [`load`](Self::load), with the compiled code kept in the folder `cache`, where it
    /// takes some milliseconds to load. The folder is made if it is not there.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); or others may write to the folder, whose files are run.
    pub fn load_cached(component: &[u8], limits: Limits, cache: &Path) -> anyhow::Result<Self> {
        let engine = engine(&limits)?;
        Self::new(cache::component(&engine, component, cache)?, limits)
    }

    fn new(component: Component, limits: Limits) -> anyhow::Result<Self> {
        let pre = GongMcpPre::new(link(&component)?)
            .map_err(anyhow::Error::from)
            .context("the component does not export the tools interface")?;
        start_ticking(pre.engine())?;
        Ok(Self {
            pre,
            limits,
            places: Semaphore::new(CONCURRENT_CALLS as usize),
        })
    }

    /// What one call may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many calls are running now.
    #[must_use]
    pub fn running(&self) -> usize {
        CONCURRENT_CALLS as usize - self.places.available_permits()
    }

    /// The tools, as the component lists them. It gets neither settings nor network for this.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component.
    pub async fn list_tools(&self) -> Result<Vec<Tool>, SandboxError> {
        let (tools, _) = self
            .run(&Run::nothing(), async |guest, store| {
                guest.gong_tools_mcp_tools().call_list_tools(store).await
            })
            .await?;
        Ok(tools)
    }

    /// How to use the tools of these names together, for a model to read.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component.
    pub async fn instructions(&self, tools: &[String]) -> Result<String, SandboxError> {
        let (text, _) = self
            .run(&Run::nothing(), async |guest, store| {
                guest
                    .gong_tools_mcp_guide()
                    .call_instructions(store, tools)
                    .await
            })
            .await?;
        Ok(text)
    }

    /// The prompts and the resources, as the component lists them.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component.
    pub async fn list_guide(&self) -> Result<(Vec<Prompt>, Vec<ToolResource>), SandboxError> {
        let (guide, _) = self
            .run(&Run::nothing(), async |guest, store| {
                let guide = guest.gong_tools_mcp_guide();
                let prompts = guide.call_list_prompts(&mut *store).await?;
                Ok((prompts, guide.call_list_resources(store).await?))
            })
            .await?;
        Ok(guide)
    }

    /// The message of a prompt.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component; within, what is wrong with the arguments.
    pub async fn get_prompt(
        &self,
        name: &str,
        arguments: &[(String, String)],
    ) -> Result<Result<String, GuideError>, SandboxError> {
        let (text, _) = self
            .run(&Run::nothing(), async |guest, store| {
                let guide = guest.gong_tools_mcp_guide();
                guide.call_get_prompt(store, name, arguments).await
            })
            .await?;
        Ok(text)
    }

    /// The text of a resource.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component; within, why it can not be read.
    pub async fn read_resource(
        &self,
        run: &Run,
        uri: &str,
    ) -> Result<Result<String, GuideError>, SandboxError> {
        let (text, _) = self
            .run(run, async |guest, store| {
                guest
                    .gong_tools_mcp_guide()
                    .call_read_resource(store, uri)
                    .await
            })
            .await?;
        Ok(text)
    }

    /// Calls a tool in a fresh instance. Dropping the future ends the call and its requests.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component, and what the call had used by then. What the tool
    /// itself finds wrong is a [`ToolResult`] with `is_error`.
    pub async fn call_tool(
        &self,
        run: &Run,
        name: &str,
        arguments_json: &str,
    ) -> Result<ToolResult, Stopped> {
        let (result, usage) = self
            .run(run, async |guest, store| {
                let tools = guest.gong_tools_mcp_tools();
                tools.call_call_tool(store, name, arguments_json).await
            })
            .await?;
        let structured = result.structured.map(RawValue::from_string).transpose();
        Ok(ToolResult {
            text: result.text,
            structured: structured.map_err(|error| Stopped {
                error: SandboxError::Answer(format!("its structured result is not JSON ({error})")),
                usage,
            })?,
            is_error: result.is_error,
            references: result.references,
            usage,
        })
    }

    /// Instantiates and calls `work`, watching every limit.
    async fn run<T>(
        &self,
        run: &Run,
        work: impl AsyncFnOnce(&GongMcp, &mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<(T, Usage), Stopped> {
        let _place = self.places.acquire().await.expect("never closed");
        let start = Instant::now();
        let cpu = Arc::new(CpuClock::new(start));
        let mut store = Store::new(self.pre.engine(), Guest::new(run, &self.limits, start));
        store.limiter(|guest| &mut guest.memory);
        // The budget is the guest's own time, not ticks: a tick that passed while the guest
        // waited for the network is due as soon as it goes on, and must not be held against it.
        store.set_epoch_deadline(1);
        let budget = self.limits.cpu;
        store.epoch_deadline_callback({
            let cpu = Arc::clone(&cpu);
            move |_| {
                Ok(if cpu.used() > budget {
                    UpdateDeadline::Interrupt
                } else {
                    UpdateDeadline::Yield(1)
                })
            }
        });

        let exchanges = store.data().exchanges.clone();
        let outcome = {
            let work = async {
                let guest = self.pre.instantiate_async(&mut store).await?;
                work(&guest, &mut store).await
            };
            let counted = Counted {
                work: std::pin::pin!(work),
                cpu: &cpu,
                exchanges,
            };
            tokio::time::timeout(self.limits.wall_time, counted).await
        };
        let guest = store.data();
        let usage = Usage {
            wall_time: start.elapsed(),
            cpu: cpu.used(),
            requests: guest.hooks.traffic().requests(),
            response_bytes: guest.hooks.traffic().response_bytes(),
        };
        let error = match outcome {
            Ok(Ok(value)) => return Ok((value, usage)),
            Ok(Err(error)) => self.why(&error, guest),
            Err(_) => SandboxError::WallTime(self.limits.wall_time),
        };
        Err(Stopped { error, usage })
    }

    /// Tells which limit was behind a trap: a guest that is refused memory, say, knows
    /// nothing better than to crash.
    fn why(&self, error: &wasmtime::Error, guest: &Guest) -> SandboxError {
        let traffic = guest.hooks.traffic();
        if let Some(wasmtime::Trap::Interrupt) = error.downcast_ref() {
            SandboxError::Cpu(self.limits.cpu)
        } else if guest.memory.refused {
            SandboxError::Memory(self.limits.memory)
        } else if traffic.response_too_large() {
            SandboxError::ResponseBytes(self.limits.response_bytes)
        } else if traffic.requests() > self.limits.requests {
            SandboxError::Requests(self.limits.requests)
        } else {
            // The root cause only: above it are wasm frames, which help nobody here.
            tracing::debug!("trap: {error:?}");
            SandboxError::Trap(error.root_cause().to_string())
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Loads and instantiates any component with exactly what a sandbox gives, whatever it
/// exports, and tells what it imports, sorted.
///
/// # Errors
///
/// The bytes are not a component, or it wants more than a sandbox gives.
pub async fn imports(component: &[u8]) -> anyhow::Result<Vec<String>> {
    let limits = Limits::default();
    let pre = link(&compile(&engine(&limits)?, component)?)?;
    let run = Run::nothing();
    let mut store = Store::new(pre.engine(), Guest::new(&run, &limits, Instant::now()));
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

fn compile(engine: &Engine, component: &[u8]) -> anyhow::Result<Component> {
    ensure!(
        !component.is_empty(),
        "the component is empty: zero bytes long"
    );
    Component::from_binary(engine, component)
        .map_err(anyhow::Error::from)
        .context("this is not a component that can be run")
}

/// Resolves the imports, once for all calls.
fn link(component: &Component) -> anyhow::Result<InstancePre<Guest>> {
    let mut linker = Linker::new(component.engine());
    allow(&mut linker)?;
    linker
        .instantiate_pre(component)
        .map_err(anyhow::Error::from)
        .context("the component wants what the sandbox does not give")
}

/// All that a guest may import.
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

    // wasmtime's own gives no code for what went wrong within a response body.
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

fn engine(limits: &Limits) -> anyhow::Result<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(CONCURRENT_CALLS)
        .total_core_instances(CONCURRENT_CALLS * 8)
        .total_memories(CONCURRENT_CALLS)
        .total_tables(CONCURRENT_CALLS * 4)
        .total_stacks(CONCURRENT_CALLS)
        .max_core_instances_per_component(8)
        .max_memories_per_component(1)
        .max_tables_per_component(4)
        .max_memory_size(limits.memory)
        // These only help together: the pages that a call touched stay and are wiped
        // by hand, found through the page map, instead of going back to the kernel, whose
        // TLB shootdowns else cost more than the call.
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .wasm_component_model(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Ok(Engine::new(&config)?)
}

/// Advances the engine's epoch for as long as the engine lives.
fn start_ticking(engine: &Engine) -> anyhow::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("sandbox-ticks".into())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })?;
    Ok(())
}

/// What the host keeps for one call.
struct Guest {
    env: Env,
    wall_clock: WallClock,
    clocks: WasiClocksCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    exchanges: Exchanges,
    table: ResourceTable,
    memory: MemoryLimit,
}

impl Guest {
    fn new(run: &Run, limits: &Limits, start: Instant) -> Self {
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

impl Sends for Guest {
    fn exchanges(&self) -> &Exchanges {
        &self.exchanges
    }

    fn send(&self, request: Request<WasiBody>, options: RequestOptions) -> Exchanging {
        self.hooks.send(request, options)
    }
}

/// Refuses memory over the limit, and remembers that it did.
struct MemoryLimit {
    limit: usize,
    refused: bool,
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

// A whole `WasiCtx` would seed random numbers for each call, which nobody may ask for.
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

/// The time, or the moment at which it stands still.
struct WallClock(Option<SystemTime>);

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

/// How long a call has been running on a thread: the time inside `poll`, not between polls.
struct CpuClock {
    start: Instant,
    /// Nanoseconds of finished polls.
    done: AtomicU64,
    /// When the present poll began, in nanoseconds since `start`.
    since: AtomicU64,
}

/// `CpuClock::since` while no poll is under way.
const IDLE: u64 = u64::MAX;

impl CpuClock {
    fn new(start: Instant) -> Self {
        Self {
            start,
            done: AtomicU64::new(0),
            since: AtomicU64::new(IDLE),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(IDLE - 1)
    }

    // Relaxed everywhere: the call is polled by one thread at a time, and moving it to
    // another one orders what the two see.
    fn begin(&self) {
        self.since.store(self.now(), Ordering::Relaxed);
    }

    fn end(&self) {
        let since = self.since.swap(IDLE, Ordering::Relaxed);
        self.done
            .fetch_add(self.now().saturating_sub(since), Ordering::Relaxed);
    }

    fn used(&self) -> Duration {
        let present = match self.since.load(Ordering::Relaxed) {
            IDLE => 0,
            since => self.now().saturating_sub(since),
        };
        Duration::from_nanos(self.done.load(Ordering::Relaxed) + present)
    }
}

/// A future whose polls are timed, with the exchanges that it waits for.
struct Counted<'a, F> {
    work: Pin<&'a mut F>,
    cpu: &'a CpuClock,
    exchanges: Exchanges,
}

impl<F: Future> Future for Counted<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        loop {
            self.cpu.begin();
            let outcome = self.work.as_mut().poll(context);
            self.cpu.end();
            if outcome.is_ready() || !self.exchanges.poll(context) {
                return outcome;
            }
        }
    }
}
