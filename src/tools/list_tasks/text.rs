//! Tasks as text: a line for the task, then lines for its account, deal and contacts.

use crate::{
    prelude::*,
    render::{self, Answer},
    time,
    wit::engage::{Task, TaskContact, TaskDeal, TaskList},
};

impl Answer for TaskList {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {} open of {}",
            render::count(self.tasks.len() as u32, "task"),
            self.matched,
            self.user
        );
        if self.overdue > 0 {
            text.push_str(&format!(", {} of them overdue", self.overdue));
        }
        text.push_str(&format!(" (due times {})\n", time::local_name()));
        for task in &self.tasks {
            write(&mut text, task);
        }
        render::line(&mut text, "More with resume", self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}

fn write(text: &mut String, task: &Task) {
    let due = match &task.due {
        Some(due) => time::in_table(due),
        None => "no due time".to_owned(),
    };
    let what = task.title.clone().or_else(|| {
        let step = task.step.map(|step| format!(", step {step}"));
        let flow = task.flow.as_ref().or(task.flow_id.as_ref())?;
        Some(format!("Call for flow {flow}{}", step.unwrap_or_default()))
    });
    let parts = [
        Some(due),
        task.overdue.map(|_| "overdue".to_owned()),
        Some(what.unwrap_or_else(|| "Call".to_owned())),
        task.priority
            .as_ref()
            .map(|name| format!("priority {name}")),
        Some(format!("task {}", task.id)),
    ];
    joined(text, "- ", parts);
    let id = |id: &Option<String>| id.as_ref().map(|id| format!("CRM id {id}"));
    let account = [
        task.account.clone(),
        id(&task.account_id),
        task.account_url.clone(),
    ];
    joined(text, "  Account: ", account);
    if let Some(TaskDeal {
        name,
        id: crm_id,
        stage,
        amount,
        probability,
        close_date,
        url,
    }) = task.deal.clone()
    {
        let parts = [
            name,
            stage.map(|stage| format!("stage {stage}")),
            amount.map(|amount| format!("amount {amount}")),
            probability.map(|percent| format!("{} %", percent.trim_end_matches([' ', '%']))),
            close_date.map(|date| format!("closes {date}")),
            id(&crm_id),
            url,
        ];
        joined(text, "  Deal: ", parts);
    }
    for contact in task.contact.iter().chain(&task.more_contacts) {
        let TaskContact {
            name,
            title,
            company,
            email,
            phone,
            timezone,
            opted_out,
            kind,
            id: crm_id,
            url,
        } = contact.clone();
        let parts = [
            name,
            title,
            company.filter(|company| Some(company) != task.account.as_ref()),
            email,
            phone,
            timezone.map(|zone| format!("zone {zone}")),
            (!opted_out.is_empty()).then(|| format!("OPTED OUT of {}", opted_out.join(" and "))),
            id(&crm_id),
            url,
        ];
        let label = match kind.as_deref() {
            Some("LEAD") => "  Lead: ",
            _ => "  Contact: ",
        };
        joined(text, label, parts);
    }
}

/// Appends a line with the parts that exist; nothing if there are none.
fn joined(text: &mut String, label: &str, parts: impl IntoIterator<Item = Option<String>>) {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if !parts.is_empty() {
        text.push_str(label);
        text.push_str(&parts.join(", "));
        text.push('\n');
    }
}
