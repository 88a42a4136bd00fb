//! Progress notifications of one call, for clients that want them.

use std::fmt;

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinHandle;

/// Notifications that may wait to be sent. While as many wait, further ones are dropped.
const PENDING: usize = 8;

/// Notifies the client what its call waits for.
#[derive(Clone)]
pub struct Progress(Option<Sender<String>>);

/// The task that sends the notifications of a [`Progress`].
#[derive(Debug)]
pub struct ProgressTask(Option<JoinHandle<()>>);

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Progress").field(&self.0.is_some()).finish()
    }
}

impl Progress {
    /// Notifies this peer, if its request has a progress token.
    #[must_use]
    pub fn new(peer: Peer<RoleServer>, token: Option<ProgressToken>) -> (Self, ProgressTask) {
        let Some(token) = token else {
            return (Self(None), ProgressTask(None));
        };
        let (sender, mut messages) = mpsc::channel(PENDING);
        let task = tokio::spawn(async move {
            let mut count = 0.0;
            while let Some(message) = messages.recv().await {
                // MCP requires a rising number. How much remains is not known.
                count += 1.0;
                let mut note = ProgressNotificationParam::new(token.clone(), count);
                note.message = Some(message);
                if peer.notify_progress(note).await.is_err() {
                    return;
                }
            }
        });
        (Self(Some(sender)), ProgressTask(Some(task)))
    }

    /// Notifies nobody.
    #[must_use]
    pub fn disabled() -> Self {
        Self(None)
    }

    /// Sends a sentence to the client.
    pub fn send(&self, message: String) {
        if let Some(sender) = &self.0 {
            let _ = sender.try_send(message);
        }
    }
}

impl ProgressTask {
    /// Waits until every [`Progress`] is dropped and everything is sent, because no notification
    /// may follow the answer.
    pub async fn done(self) {
        if let Some(task) = self.0 {
            let _ = task.await;
        }
    }
}
