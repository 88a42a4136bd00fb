//! How wasmtime is set up, and compiling with it.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use wasmtime::component::Component;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::limits::Limits;

/// How often a running component yields to the executor, and its time is checked.
const TICK: Duration = Duration::from_millis(10);

/// An engine whose instances come from a pool of [`Limits::instances`].
pub(crate) fn engine(limits: &Limits) -> anyhow::Result<Engine> {
    let instances = limits.instances;
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_core_instances(instances * 8)
        .total_memories(instances)
        .total_tables(instances * 4)
        .total_stacks(instances)
        .max_core_instances_per_component(8)
        .max_memories_per_component(1)
        .max_tables_per_component(4)
        .max_memory_size(limits.memory)
        // These help only together: the pages that a call touched are found through the page
        // map and zeroed in place. Giving them back to the kernel costs more than the call,
        // because of its TLB shootdowns.
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
pub(crate) fn start_ticking(engine: &Engine) -> anyhow::Result<()> {
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

/// Compiles a component's bytes.
pub(crate) fn compile(engine: &Engine, component: &[u8]) -> anyhow::Result<Component> {
    ensure!(
        !component.is_empty(),
        "the component is empty: zero bytes long"
    );
    Component::from_binary(engine, component)
        .map_err(anyhow::Error::from)
        .context("this is not a component that can be run")
}
