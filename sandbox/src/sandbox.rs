//! One call, one fresh instance, within limits.
//!
//! An instance costs about 10 µs (pooled memory, imports resolved once at loading), so none is
//! used twice, and nothing can leak from one call into the next.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use ring::digest::{SHA256, digest};
use serde_json::value::RawValue;
use tokio::sync::{OnceCell, Semaphore};
use wasmtime::component::Component;
use wasmtime::{Store, UpdateDeadline};

use crate::bindings::exports::gong::tools::mcp_guide::{
    GuideError, Prompt, Resource, ResourceResult,
};
use crate::bindings::exports::gong::tools::mcp_tools::Tool;
use crate::bindings::{GongMcp, GongMcpPre};
use crate::cache;
use crate::cpu::{CpuClock, Timed};
use crate::engine::{compile, engine, start_ticking};
use crate::error::{SandboxError, Stopped};
use crate::guest::Guest;
use crate::imports::link;
use crate::limits::{Limits, Usage};
use crate::operations::{Operations, Stated};
use crate::run::Run;

/// A tool's answer, which may say that the tool failed.
#[derive(Clone, Debug)]
pub struct ToolResult {
    /// For the model: the answer, or the error and what to do about it.
    pub text: String,
    /// The same as a JSON object; none on an error.
    pub structured: Option<Box<RawValue>>,
    /// The call failed; `text` says why.
    pub is_error: bool,
    /// Ids of the API's responses, oldest first, the last 20.
    pub references: Vec<String>,
    /// What the call used.
    pub usage: Usage,
}

/// A loaded component, ready to be called any number of times at once.
pub struct Sandbox {
    pre: GongMcpPre<Guest>,
    limits: Limits,
    places: Semaphore,
    digest: String,
    tools: OnceCell<(Vec<Tool>, Operations)>,
    guide: OnceCell<(Vec<Prompt>, Vec<Resource>)>,
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
        Self::new(compile(&engine, component)?, component, limits)
    }

    /// As [`load`](Self::load), and keeps the compiled code in the folder `cache`, from which
    /// it loads in milliseconds. The folder is created when it is missing.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); or others may write to the folder, whose files are run.
    pub fn load_cached(component: &[u8], limits: Limits, cache: &Path) -> anyhow::Result<Self> {
        let engine = engine(&limits)?;
        Self::new(
            cache::component(&engine, component, cache)?,
            component,
            limits,
        )
    }

    fn new(component: Component, bytes: &[u8], limits: Limits) -> anyhow::Result<Self> {
        let pre = GongMcpPre::new(link(&component)?)
            .map_err(anyhow::Error::from)
            .context("the component does not export the tools interface")?;
        start_ticking(pre.engine())?;
        Ok(Self {
            pre,
            limits,
            places: Semaphore::new(limits.instances as usize),
            digest: hex(digest(&SHA256, bytes).as_ref()),
            tools: OnceCell::new(),
            guide: OnceCell::new(),
        })
    }

    /// The SHA-256 of the component's bytes: 64 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What one call may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many calls are running now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.limits.instances as usize - self.places.available_permits()
    }

    /// The tools, as the component lists them without settings or network. It is asked once: the
    /// operations of this list are those to which calls are held.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component.
    pub async fn list_tools(&self) -> Result<Vec<Tool>, SandboxError> {
        Ok(self.listed().await?.0.clone())
    }

    async fn listed(&self) -> Result<&(Vec<Tool>, Operations), SandboxError> {
        let list = || async move {
            let (tools, _) = self
                .run_offline(async |guest, store| {
                    guest.gong_tools_mcp_tools().call_list_tools(store).await
                })
                .await?;
            let operations = Operations::of(&tools)?;
            Ok::<_, SandboxError>((tools, operations))
        };
        self.tools.get_or_try_init(list).await
    }

    /// How to use the tools of these names together, for a model to read.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component.
    pub async fn instructions(&self, tools: &[String]) -> Result<String, SandboxError> {
        let (text, _) = self
            .run_offline(async |guest, store| {
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
    pub async fn list_guide(&self) -> Result<(Vec<Prompt>, Vec<Resource>), SandboxError> {
        Ok(self.listed_guide().await?.clone())
    }

    async fn listed_guide(&self) -> Result<&(Vec<Prompt>, Vec<Resource>), SandboxError> {
        let list = || async move {
            let (guide, _) = self
                .run_offline(async |guest, store| {
                    let guide = guest.gong_tools_mcp_guide();
                    let prompts = guide.call_list_prompts(&mut *store).await?;
                    Ok((prompts, guide.call_list_resources(store).await?))
                })
                .await?;
            Ok::<_, SandboxError>(guide)
        };
        self.guide.get_or_try_init(list).await
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
            .run_offline(async |guest, store| {
                let guide = guest.gong_tools_mcp_guide();
                guide.call_get_prompt(store, name, arguments).await
            })
            .await?;
        Ok(text)
    }

    /// Reads a resource, which may send what its tool may send, and says what that used.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component, with what the call had used by then. Why the resource
    /// can not be read is in [`ResourceResult::content`].
    pub async fn read_resource(
        &self,
        run: &Run,
        uri: &str,
    ) -> Result<(ResourceResult, Usage), Stopped> {
        let before = |error| Stopped {
            error,
            usage: Usage::default(),
        };
        let (_, resources) = self.listed_guide().await.map_err(before)?;
        let listed = resources.iter().find(|resource| resource.uri == uri);
        let tool = listed.map_or("", |resource| &*resource.tool);
        let stated = self.listed().await.map_err(before)?.1.of_tool(tool);
        self.run(run, stated, async |guest, store| {
            guest
                .gong_tools_mcp_guide()
                .call_read_resource(store, uri)
                .await
        })
        .await
    }

    /// Calls a tool in a fresh instance. Dropping the future ends the call and its requests, and so
    /// does a request that is none of the operations that the tool lists.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component, with what the call had used by then. What the tool
    /// itself finds wrong is a [`ToolResult`] with `is_error`.
    pub async fn call_tool(
        &self,
        run: &Run,
        name: &str,
        arguments_json: &str,
    ) -> Result<ToolResult, Stopped> {
        let listed = self.listed().await.map_err(|error| Stopped {
            error,
            usage: Usage::default(),
        })?;
        let (result, usage) = self
            .run(run, listed.1.of_tool(name), async |guest, store| {
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

    /// Runs `work` without settings and network.
    async fn run_offline<T>(
        &self,
        work: impl AsyncFnOnce(&GongMcp, &mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<(T, Usage), Stopped> {
        self.run(&Run::empty(), Arc::default(), work).await
    }

    /// Instantiates the component and calls `work` within the limits.
    async fn run<T>(
        &self,
        run: &Run,
        operations: Arc<Stated>,
        work: impl AsyncFnOnce(&GongMcp, &mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<(T, Usage), Stopped> {
        let _place = self.places.acquire().await.expect("never closed");
        let start = Instant::now();
        let cpu = Arc::new(CpuClock::new(start));
        let guest = Guest::new(run, operations, &self.limits, start);
        let traffic = Arc::clone(guest.hooks.traffic());
        let mut store = Store::new(self.pre.engine(), guest);
        store.limiter(|guest| &mut guest.memory);
        // The budget is the component's own time, not ticks: a tick that passed while it waited
        // for the network is due as soon as it goes on, and does not count.
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
            let timed = Timed {
                work: std::pin::pin!(work),
                cpu: &cpu,
                exchanges,
            };
            tokio::select! {
                biased;
                // It ends even if the component would go on after the error.
                _ = traffic.until_undeclared() => None,
                outcome = tokio::time::timeout(self.limits.wall_time, timed) => Some(outcome),
            }
        };
        let guest = store.data();
        let usage = Usage {
            wall_time: start.elapsed(),
            cpu: cpu.used(),
            requests: traffic.requests(),
            response_bytes: traffic.response_bytes(),
        };
        let error = match (traffic.undeclared(), outcome) {
            (Some(request), _) => SandboxError::UndeclaredOperation(request.clone()),
            (None, Some(Ok(Ok(value)))) => return Ok((value, usage)),
            (None, Some(Ok(Err(error)))) => self.stopped_by(&error, guest),
            (None, Some(Err(_)) | None) => SandboxError::WallTime(self.limits.wall_time),
        };
        Err(Stopped { error, usage })
    }

    /// The limit behind a trap, if there is one: a component that is refused memory traps.
    fn stopped_by(&self, error: &wasmtime::Error, guest: &Guest) -> SandboxError {
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
            // Above the root cause are only frames of WebAssembly.
            tracing::debug!("trap: {error:?}");
            SandboxError::Trap(error.root_cause().to_string())
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
