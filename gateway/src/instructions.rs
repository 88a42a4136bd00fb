//! The component's instructions, computed once for each set of tools.
//!
//! Every `initialize` and `server/discover` carries them. Kept here, a client that connects needs
//! no instance of the component, however often it does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Sets of tools that are kept. Users of one profile share one.
const KEPT: usize = 256;

/// Instructions by the names of the tools.
#[derive(Debug, Default)]
pub struct Instructions(Mutex<HashMap<Vec<String>, Arc<OnceCell<String>>>>);

impl Instructions {
    /// The instructions for these tools. `compute` runs once, however many ask at the same time.
    ///
    /// # Errors
    ///
    /// That of `compute`. The next one asks again.
    pub async fn get<E, F>(
        &self,
        tools: Vec<String>,
        compute: impl FnOnce(Vec<String>) -> F,
    ) -> Result<String, E>
    where
        F: Future<Output = Result<String, E>>,
    {
        let cell = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT && !kept.contains_key(&tools) {
                kept.clear();
            }
            Arc::clone(kept.entry(tools.clone()).or_default())
        };
        cell.get_or_try_init(|| compute(tools)).await.cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn each_set_of_tools_is_computed_once_and_failures_are_not_kept() {
        let instructions = Instructions::default();
        let computed = AtomicUsize::new(0);
        let get = async |tools: &[&str], fails: bool| {
            let tools = tools.iter().map(|&tool| tool.to_owned()).collect();
            let compute = async |tools: Vec<String>| {
                computed.fetch_add(1, Ordering::Relaxed);
                if fails { Err(()) } else { Ok(tools.join("+")) }
            };
            instructions.get(tools, compute).await
        };
        assert_eq!(get(&["a", "b"], true).await, Err(()));
        for _ in 0..3 {
            assert_eq!(get(&["a", "b"], false).await.unwrap(), "a+b");
        }
        assert_eq!(computed.load(Ordering::Relaxed), 2);
        assert_eq!(get(&["a"], false).await.unwrap(), "a");
    }
}
