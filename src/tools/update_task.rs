//! `gong_update_task`. PATCH /v2/tasks/{taskId}; api:tasks:write. Gong returns the task after the
//! change.

use serde_json::json;

use crate::{
    client::{Gong, request::Method},
    domain::change::{self, Body, Change},
    error::{Error, bad_argument},
    gong::{id::digits, users::People},
    json_ext::JsonExt,
    prelude::*,
    time,
    wit::{
        engage::{TaskStatus, UpdateTask},
        types::Receipt,
    },
};

/// Checks the arguments, then changes the task once.
pub(crate) fn run(gong: &Gong<'_>, args: UpdateTask) -> Result<Receipt, Error> {
    let task = digits("task", &args.task, "gong_list_tasks lists them.")?;
    let status = args.status.map(|status| match status {
        TaskStatus::Open => "OPEN",
        TaskStatus::Done => "DONE",
        TaskStatus::Dismissed => "DISMISSED",
    });
    let due = args
        .due
        .as_deref()
        .map(|due| time::instant_argument("due", due))
        .transpose()?;
    let priority = args.priority.as_deref().map(str::trim);
    if priority == Some("") {
        return Err(bad_argument("priority", "it is empty.", "\"high\"."));
    }
    if status.is_none() && due.is_none() && priority.is_none() {
        return Err(bad_argument(
            "status",
            "there is nothing to change: give status, due or priority.",
            "{\"status\": \"done\"}.",
        ));
    }
    let mut body = json!({ "userId": People::default().id(gong, "user", &args.user)? });
    let mut changes: Vec<String> = Vec::new();
    if let Some(status) = status {
        body["status"] = status.into();
        changes.push(format!("status {status}"));
    }
    if let Some(due) = due {
        body["dueDate"] = time::to_rfc3339(due).into();
        changes.push(format!("due {}", time::to_display(due)));
    }
    if let Some(priority) = priority {
        body["priority"] = priority.into();
        changes.push(format!("priority {priority}"));
    }
    let change = Change {
        what: format!("set task {task} to {}", changes.join(", ")),
        method: Method::Patch,
        operation: "/v2/tasks/{taskId}",
        path: format!("/v2/tasks/{task}"),
        body: Body::Json(body),
        look: "gong_list_tasks lists the open tasks of the user",
    };
    change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = Some(task.clone());
        let mut tasks = answer.items("tasks").iter();
        if let Some(now) = tasks.find(|one| one.id("id").as_ref() == Some(&task)) {
            let priority = now.get("priority").and_then(|one| one.text("name"));
            let parts = [
                now.text("status"),
                now.instant("dueDate").map(|due| format!("due {due}")),
                priority.map(|name| format!("priority {name}")),
            ];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            receipt
                .notes
                .push(format!("The task is now: {}.", parts.join(", ")));
        }
    })
}
