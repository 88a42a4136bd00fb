//! Progress notifications of one call, for callers that asked for them.

use std::fmt;

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinHandle;

/// Notifications on their way; what comes faster than the caller reads is left out.
const PENDING: usize = 8;

/// Tells the caller what its call waits for.
#[derive(Clone)]
pub struct Progress(Option<Sender<String>>);

/// Sends what [`Progress`] tells.
#[derive(Debug)]
pub struct Sending(Option<JoinHandle<()>>);

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Progress").field(&self.0.is_some()).finish()
    }
}

impl Progress {
    /// To this peer, if it named a token to tell progress by.
    #[must_use]
    pub fn new(peer: Peer<RoleServer>, token: Option<ProgressToken>) -> (Self, Sending) {
        let Some(token) = token else {
            return (Self(None), Sending(None));
        };
        let (sender, mut messages) = mpsc::channel(PENDING);
        let task = tokio::spawn(async move {
            let mut count = 0.0;
            while let Some(message) = messages.recv().await {
                // It must rise with each; what is done of how much nobody knows.
                count += 1.0;
                let mut note = ProgressNotificationParam::new(token.clone(), count);
                note.message = Some(message);
                if peer.notify_progress(note).await.is_err() {
                    return;
                }
            }
        });
        (Self(Some(sender)), Sending(Some(task)))
    }

    /// To nobody.
    #[must_use]
    pub fn unheard() -> Self {
        Self(None)
    }

    /// A sentence for the caller.
    pub fn tell(&self, message: String) {
        if let Some(sender) = &self.0 {
            let _ = sender.try_send(message);
        }
    }
}

impl Sending {
    /// Returns when all is sent and every [`Progress`] is gone: after the answer none may come.
    pub async fn done(self) {
        if let Some(task) = self.0 {
            let _ = task.await;
        }
    }
}
