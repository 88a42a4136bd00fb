//! Members that clients add to the arguments of every tool, for themselves.

use serde_json::{Map, Value};

use super::spelling;
use crate::prelude::*;

/// By client: n8n, Cursor, Letta, Cline, OpenHands, Gemini CLI, Windsurf, LangChain, Open WebUI; and what
/// several put into the arguments instead of beside them, or for arguments where a tool has none.
const NAMES: [&str; 37] = [
    "toolCallId",
    "sessionId",
    "action",
    "chatInput",
    "tool",
    "random_string",
    "inner_thoughts",
    "request_heartbeat",
    "task_progress",
    "requires_approval",
    "security_risk",
    "wait_for_previous",
    "waitForPreviousTools",
    "toolSummary",
    "_meta",
    "_placeholder",
    "toolName",
    "toolAction",
    "metadata",
    "run_manager",
    "callbacks",
    "config",
    "__user__",
    "explanation",
    "reasoning",
    "thought",
    "thoughts",
    "cwd",
    "conversationId",
    "threadId",
    "requestId",
    "messageId",
    "progressToken",
    "dummy",
    "_dummy",
    "noop",
    "_noop",
];

/// Whether a name that no argument has is such a member, and not a misspelt argument.
pub(super) fn is_one(name: &str, properties: &Map<String, Value>) -> bool {
    let known: Vec<&str> = properties.keys().map(String::as_str).collect();
    NAMES.iter().any(|extra| spelling::is_same(extra, name))
        && spelling::nearest(name, &known).is_none()
}
