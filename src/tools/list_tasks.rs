//! `gong_list_tasks`. POST /v2/tasks; api:tasks:read. Gong wants every filter but the
//! workspace, and documents one action (CALL) and one status (OPEN). Not paged.

use serde_json::{Value, json};

use crate::{
    client::{Gong, json::ApiResponse},
    error::{Case, Error},
    gong::{users::People, workspaces},
    json_ext::JsonExt,
    prelude::*,
    time,
    tools::{limit, offset, offset_token},
    wit::engage::{ListTasks, Task, TaskContact, TaskDeal, TaskKind, TaskList},
};

mod text;

const OPERATION: &str = "POST /v2/tasks";

/// Asks once and puts what is due first first.
pub(crate) fn run(gong: &Gong<'_>, args: ListTasks) -> Result<TaskList, Error> {
    let limit = limit(args.limit, 50, 200)?;
    let skip = offset(args.resume.as_deref())?;
    let types = match args.kind {
        Some(TaskKind::Flow) => &["FLOW"][..],
        Some(TaskKind::Manual) => &["MANUAL"],
        None => &["FLOW", "MANUAL"],
    };
    let user = People::default().id(gong, "user", &args.user)?;
    let mut filter = json!({
        "userId": user, "types": types, "taskAction": ["CALL"], "status": ["OPEN"],
    });
    if let Some(workspace) = workspaces::id(gong, args.workspace.as_deref())? {
        filter["workspaceId"] = workspace.into();
    }
    let answer: ApiResponse = gong
        .post_list("/v2/tasks", &json!({ "filter": filter }))
        .map_err(without_engage)?;
    let mut found: Vec<(Option<i64>, &Value)> = answer
        .listed("tasks", OPERATION)?
        .iter()
        .map(|task| (task.raw("dueDate").and_then(time::parse_instant), task))
        .collect();
    found.sort_by_key(|(due, _)| due.unwrap_or(i64::MAX));
    let is_overdue = |due: &Option<i64>| due.is_some_and(|due| due < gong.now);
    let overdue = found.iter().filter(|(due, _)| is_overdue(due)).count();
    let matched = found.len();
    let tasks: Vec<Task> = found
        .into_iter()
        .skip(skip)
        .take(limit)
        .map(|(due, task)| Task {
            overdue: is_overdue(&due).then_some(true),
            ..shape(task)
        })
        .collect();
    Ok(TaskList {
        user: crate::text::one_line(&args.user),
        resume: offset_token(skip + tasks.len(), matched).filter(|_| !tasks.is_empty()),
        tasks,
        matched: matched as u32,
        overdue: overdue as u32,
        requests: gong.requests(),
    })
}

/// Seen: 500 where a company has no Engage tasks.
fn without_engage(error: Error) -> Error {
    if error.case() != Case::UnexpectedAnswer || !error.text().contains("(status 500)") {
        return error;
    }
    error.adding("Gong also answers so where the company or the user has no Engage.")
}

fn shape(task: &Value) -> Task {
    let none = Value::Null;
    let part = |key: &str| task.get(key).unwrap_or(&none);
    let (account, flow) = (part("account"), part("flow"));
    Task {
        id: task.id("id").unwrap_or_default(),
        kind: task.text("type"),
        title: task.text("title"),
        due: task.instant("dueDate"),
        overdue: None,
        priority: part("priority").text("name"),
        account: account.text("name"),
        account_id: account.id("crmId"),
        account_url: account.text("crmUrl"),
        deal: Some(part("opportunity"))
            .filter(|one| one.is_object())
            .map(deal),
        contact: Some(part("contact"))
            .filter(|one| one.is_object())
            .map(contact),
        more_contacts: task
            .items("additionalContacts")
            .iter()
            .map(contact)
            .collect(),
        flow: flow.text("name"),
        flow_id: flow.id("id"),
        step: flow.get("step").and_then(|step| step.count("stepNumber")),
    }
}

fn deal(deal: &Value) -> TaskDeal {
    TaskDeal {
        name: deal.text("name"),
        id: deal.id("crmId"),
        stage: deal.text("stage").or_else(|| deal.text("status")),
        amount: deal.text("amount"),
        probability: deal.text("probability"),
        close_date: deal.text("closeDate"),
        url: deal.text("crmUrl"),
    }
}

fn contact(contact: &Value) -> TaskContact {
    let none = Value::Null;
    let data = contact.get("data").unwrap_or(&none);
    let name = [data.text("firstName"), data.text("lastName")];
    let name: Vec<String> = name.into_iter().flatten().collect();
    let phone = data.items("phoneNumbers").first();
    TaskContact {
        name: (!name.is_empty()).then(|| name.join(" ")),
        title: data.text("title"),
        company: data.text("companyName"),
        email: data
            .items("emails")
            .first()
            .and_then(|one| one.text("email")),
        phone: phone.and_then(|one| one.text("normalized").or_else(|| one.text("raw"))),
        timezone: data.text("timezone"),
        opted_out: data.texts("optOutChannels"),
        kind: contact.text("type"),
        id: contact.id("crmId"),
        url: data.text("crmUrl"),
    }
}
