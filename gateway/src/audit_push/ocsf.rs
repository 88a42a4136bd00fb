//! Rows as events of the Open Cybersecurity Schema Framework: API Activity (class 6003) of
//! version 1.6.0.

use std::collections::HashMap;

use sandbox::{Effect, Tool};
use serde_json::{Map, Value, json};

use crate::store::{AuditRow, AuditedAct, AuditedCall, CallResult, ChainedRow};

const CLASS: u32 = 6003;

/// The effects of the tools, by their names: a row does not have them.
pub(super) struct Effects(HashMap<String, Effect>);

impl Effects {
    pub(super) fn of(tools: &[Tool]) -> Self {
        let tools = tools.iter().map(|tool| (tool.name.clone(), tool.effect));
        Self(tools.collect())
    }

    /// The event of a row.
    pub(super) fn event(&self, row: &ChainedRow) -> Value {
        let mut event = match &row.row {
            AuditRow::Call(call) => self.call(call),
            AuditRow::Act(act) => of_act(act),
        };
        event["class_uid"] = CLASS.into();
        event["class_name"] = "API Activity".into();
        event["category_uid"] = 6.into();
        event["category_name"] = "Application Activity".into();
        event["severity_id"] = 1.into();
        event["severity"] = "Informational".into();
        event["time"] = row.row.time().as_millisecond().into();
        let metadata = &mut event["metadata"];
        metadata["version"] = "1.6.0".into();
        metadata["uid"] = row.row.id().to_string().into();
        metadata["sequence"] = row.link.seq.into();
        metadata["log_name"] = "audit".into();
        metadata["product"] = json!({
            "name": "gong-gateway",
            "vendor_name": "gong-tools",
            "version": env!("CARGO_PKG_VERSION"),
        });
        event["unmapped"]["hash"] = row.link.hash.to_string().into();
        without_nulls(event)
    }

    fn call(&self, call: &AuditedCall) -> Value {
        let (activity, name) = match self.0.get(&call.tool) {
            None => (0, "Unknown"),
            Some(Effect::Read | Effect::MeteredRead) => (2, "Read"),
            Some(Effect::Write) => (3, "Update"),
            Some(Effect::Destructive) => (4, "Delete"),
            Some(Effect::Outreach) => (99, "Outreach"),
        };
        let (status_id, status) = match call.result {
            CallResult::Success => (1, "Success"),
            CallResult::Denied | CallResult::Error => (2, "Failure"),
            CallResult::Started | CallResult::Interrupted | CallResult::Unknown => (0, "Unknown"),
        };
        json!({
            "activity_id": activity,
            "activity_name": name,
            "type_uid": CLASS * 100 + activity,
            "type_name": format!("API Activity: {name}"),
            "status_id": status_id,
            "status": status,
            "status_code": call.code,
            "status_detail": call.reason,
            "duration": call.latency_ms,
            "metadata": { "tenant_uid": call.tenant },
            "actor": {
                "user": { "name": call.user, "type_id": 1, "type": "User" },
                "app_name": call.client,
                "app_uid": call.client_id,
                "session": call.sign_in.as_ref().map(|id| json!({ "uid": id })),
            },
            "api": {
                "operation": call.tool,
                "request": call.request_id.as_ref().map(|id| json!({ "uid": id })),
                "response": call.code.as_ref().map(|code| json!({
                    "error": code,
                    "error_message": call.reason,
                })),
                "service": { "name": "Gong" },
            },
            // The audit has no address: a client is known by its token.
            "src_endpoint": { "name": call.client.as_deref().unwrap_or("MCP client") },
            "unmapped": {
                "owner": call.owner,
                "result": call.result,
                "client_version": call.client_version,
                "gong_requests": call.gong_requests,
                "gong_request_ids": call.gong_request_ids,
                "bytes": call.bytes,
            },
        })
    }
}

fn of_act(act: &AuditedAct) -> Value {
    let subject = act.subject.as_ref();
    json!({
        "activity_id": 99,
        "activity_name": act.act,
        "type_uid": CLASS * 100 + 99,
        "type_name": "API Activity: Other",
        "status_id": 1,
        "status": "Success",
        "message": act.detail,
        "metadata": { "tenant_uid": act.tenant },
        "actor": {
            "user": { "name": act.actor, "type_id": 2, "type": "Admin" },
            "app_name": act.via,
        },
        "api": { "operation": act.act, "service": { "name": "gong-gateway" } },
        "src_endpoint": { "name": act.via },
        "resources": subject.map(|subject| json!([{ "name": subject }])),
        "unmapped": { "os_user": act.os_user },
    })
}

/// OCSF leaves out what is not known.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, member)| !member.is_null());
            let kept: Map<String, Value> = kept
                .map(|(name, member)| (name, without_nulls(member)))
                .collect();
            Value::Object(kept)
        }
        other => other,
    }
}
