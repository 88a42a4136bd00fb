//! The history of the calls with a customer as text, for a seller who prepares a meeting.

use crate::{
    prelude::*,
    render::{Table, cell, count, line, list, scan},
    time,
    wit::{
        calls::Affiliation,
        deals::{CallHeld, CallHistory, NextStep, PersonSeen},
        types::Scan,
    },
};

/// What was read, and what was not: whoever reads the rest should know first.
pub(crate) fn extent(text: &mut String, read: &Scan, history: &CallHistory) {
    scan(text, read);
    line(text, "Not read", history.not_read.as_deref());
}

/// How long ago the last call was, and the last one with a customer on it if that is longer ago.
pub(crate) fn last_contact(text: &mut String, history: &CallHistory) {
    let Some(days) = history.days_since_call else {
        return;
    };
    let ago = |days: u32| match days {
        0 => "today".to_owned(),
        days => format!("{} ago", count(days, "day")),
    };
    text.push_str(&format!("Last call: {}", ago(days)));
    if let Some(days) = history.days_since_customer {
        text.push_str(&format!("; with a customer on it: {}", ago(days)));
    }
    text.push('\n');
}

/// People, next steps, trackers, calls, and what Gong's API does not have.
pub(crate) fn call_history(text: &mut String, history: &CallHistory) {
    people(text, &history.people, history.people_left_out);
    text.push_str(&history.notice);
    text.push('\n');
    steps(text, &history.next_steps);
    list(text, "Trackers", &history.trackers, ", ");
    calls(text, history);
    text.push_str("Not in Gong's API: planned calls, e-mails, whether a step is done.\n");
}

fn people(text: &mut String, people: &[PersonSeen], left_out: Option<u32>) {
    let mut table = Table::new([
        "person",
        "affiliation",
        "title",
        "role",
        "e-mail",
        "calls",
        "last heard",
    ]);
    // Colleagues who were on one call at most need no row of their own.
    let is_minor = |person: &&PersonSeen| {
        person.affiliation == Affiliation::Internal && person.calls < 2 && person.role.is_none()
    };
    let minor: Vec<String> = people
        .iter()
        .filter(is_minor)
        .map(|person| person.name.clone())
        .collect();
    for person in people.iter().filter(|person| !is_minor(person)) {
        let affiliation = match person.affiliation {
            Affiliation::External => "external",
            Affiliation::Internal => "internal",
            Affiliation::Unknown => "unknown",
        };
        table.row([
            person.name.clone(),
            affiliation.into(),
            cell(&person.title),
            cell(&person.role),
            cell(&person.email),
            person.calls.to_string(),
            person
                .last_heard
                .clone()
                .unwrap_or_else(|| "only invited".into()),
        ]);
    }
    table.write(text);
    list(text, "Also us, on one call or only invited", &minor, ", ");
    if let Some(left_out) = left_out {
        text.push_str(&format!("{left_out} more people.\n"));
    }
}

/// One line per call, with all its steps.
fn steps(text: &mut String, steps: &[NextStep]) {
    if steps.is_empty() {
        return;
    }
    text.push_str("Next steps said on the latest calls:\n");
    for of_call in steps.chunk_by(|one, other| one.call_id == other.call_id) {
        let said: Vec<String> = of_call
            .iter()
            .map(|step| match &step.at {
                Some(at) => format!("{} [{at}]", step.text),
                None => step.text.clone(),
            })
            .collect();
        text.push_str(&format!(
            "{} ({}) {}\n",
            of_call[0].said,
            of_call[0].call_id,
            said.join("; ")
        ));
    }
}

fn calls(text: &mut String, history: &CallHistory) {
    let shown = &history.latest;
    text.push_str(&format!(
        "{}, {} min, newest first, {}",
        count(history.calls, "call"),
        history.minutes,
        time::local_name()
    ));
    if let Some(left_out) = history.calls_left_out {
        text.push_str(&format!(" ({left_out} older not shown: raise limit)"));
    }
    if let Some(url) = &history.call_url {
        text.push_str(&format!("; link {url}"));
    }
    text.push_str(":\n");
    let started = time::in_rows(shown.iter().map(|call| call.started.as_str()));
    for (call, started) in shown.iter().zip(started) {
        text.push_str(&call_lines(call, &started));
    }
}

fn call_lines(call: &CallHeld, started: &str) -> String {
    let mut text = format!("{started}, {} min, {}", call.minutes, call.id);
    let title = call.title.as_deref().map(|title| format!("“{title}”"));
    let deals = (!call.deals.is_empty()).then(|| format!("deal {}", call.deals.join(" and ")));
    for part in [&title, &call.host, &deals, &call.outcome, &call.url]
        .into_iter()
        .flatten()
    {
        text.push_str(", ");
        text.push_str(part);
    }
    text.push('\n');
    if let Some(brief) = &call.brief {
        text.push_str(&format!("{brief}\n"));
    }
    for point in &call.key_points {
        text.push_str(&format!("- {point}\n"));
    }
    text
}
