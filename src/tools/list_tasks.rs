//! `gong_list_tasks`. POST /v2/tasks; api:tasks:read. Gong requires every filter but the
//! workspace, and documents only one action (CALL) and one status (OPEN). Not paged.

use serde_json::{Value, json};

use crate::{
    client::{Gong, json::ApiResponse},
    domain::list_part::ListPart,
    error::Error,
    gong::{users::People, workspaces},
    json_ext::JsonExt,
    prelude::*,
    time,
    tools::limit,
    wit::engage::{ListTasks, Task, TaskContact, TaskDeal, TaskKind, TaskList},
};

mod text;

const OPERATION: &str = "POST /v2/tasks";

/// One request; tasks are sorted by due time.
pub(crate) fn run(gong: &Gong<'_>, args: ListTasks) -> Result<TaskList, Error> {
    let limit = limit(args.limit, 50, 200)?;
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
        .map_err(explain_missing_engage)?;
    let mut found: Vec<(Option<i64>, &Value)> = answer
        .listed("tasks", OPERATION)?
        .iter()
        .map(|task| (task.raw("dueDate").and_then(time::parse_instant), task))
        .collect();
    found.sort_by_key(|(due, _)| due.unwrap_or(i64::MAX));
    let is_overdue = |due: &Option<i64>| due.is_some_and(|due| due < gong.now);
    let overdue = found.iter().filter(|(due, _)| is_overdue(due)).count();
    let tasks = found.into_iter().map(|(due, task)| Task {
        overdue: is_overdue(&due).then_some(true),
        ..self::task(task)
    });
    let part = ListPart::limited(gong, tasks, limit, args.resume.as_deref())?;
    Ok(TaskList {
        user: crate::text::one_line(&args.user),
        resume: part.resume,
        tasks: part.items,
        matched: part.matched,
        overdue: overdue as u32,
        requests: gong.requests(),
    })
}

/// Gong was seen to answer 500 for a company without Engage.
fn explain_missing_engage(error: Error) -> Error {
    if error.status() != Some(500) {
        return error;
    }
    error.adding("Gong also answers so where the company or the user has no Engage.")
}

fn task(task: &Value) -> Task {
    let (account, flow) = (&task["account"], &task["flow"]);
    let object = |key: &str| Some(&task[key]).filter(|value| value.is_object());
    Task {
        id: task.id("id").unwrap_or_default(),
        kind: task.text("type"),
        title: task.text("title"),
        due: task.instant("dueDate"),
        overdue: None,
        priority: task["priority"].text("name"),
        account: account.text("name"),
        account_id: account.id("crmId"),
        account_url: account.text("crmUrl"),
        deal: object("opportunity").map(deal),
        contact: object("contact").map(contact),
        more_contacts: task
            .items("additionalContacts")
            .iter()
            .map(contact)
            .collect(),
        flow: flow.text("name"),
        flow_id: flow.id("id"),
        step: flow["step"].count("stepNumber"),
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
    let data = &contact["data"];
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
