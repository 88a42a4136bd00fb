//! One call, one fresh instance, within limits.
//!
//! An instance costs about 10 µs (pooled memory, imports resolved once at loading), so none is
//! used twice, and nothing can leak from one call into the next.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
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

    /// As [`load`](Self::load), and keeps the compiled code in the folder `cache`, from which
    /// it loads in milliseconds. The folder is created when it is missing.
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
            places: Semaphore::new(limits.instances as usize),
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
        self.limits.instances as usize - self.places.available_permits()
    }

    /// The tools, as the component lists them without settings or network.
    ///
    /// # Errors
    ///
    /// A limit, or a bug in the component.
    pub async fn list_tools(&self) -> Result<Vec<Tool>, SandboxError> {
        let (tools, _) = self
            .run(&Run::empty(), async |guest, store| {
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
            .run(&Run::empty(), async |guest, store| {
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
        let (guide, _) = self
            .run(&Run::empty(), async |guest, store| {
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
            .run(&Run::empty(), async |guest, store| {
                let guide = guest.gong_tools_mcp_guide();
                guide.call_get_prompt(store, name, arguments).await
            })
            .await?;
        Ok(text)
    }

    /// Reads a resource, and says what that used.
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
        self.run(run, async |guest, store| {
            guest
                .gong_tools_mcp_guide()
                .call_read_resource(store, uri)
                .await
        })
        .await
    }

    /// Calls a tool in a fresh instance. Dropping the future ends the call and its requests.
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

    /// Instantiates the component and calls `work` within the limits.
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
            tokio::time::timeout(self.limits.wall_time, timed).await
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
            Ok(Err(error)) => self.stopped_by(&error, guest),
            Err(_) => SandboxError::WallTime(self.limits.wall_time),
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

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
