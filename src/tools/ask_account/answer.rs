//! What Gong's AI answers, with its sources numbered once. Findings that draw on private
//! calls are left out, as those calls are everywhere else.

use alloc::collections::BTreeMap;
use serde_json::Value;

use crate::{
    client::Gong,
    domain::ai_entity::{Entity, Period},
    gong::calls,
    json_ext::JsonExt,
    prelude::*,
    wit::ai::{AiAnswer, AiFinding, AiSource},
};

mod text;

/// The answer, of the findings or sections in it.
pub(in crate::tools) fn of(
    gong: &Gong<'_>,
    entity: &Entity,
    period: &Period,
    answer: &Value,
    listed: &[Value],
) -> AiAnswer {
    let mut notes = Vec::from([
        "Gong credits were spent on this; asking again, even the same, spends more.".to_owned(),
    ]);
    notes.extend(entity.note.clone());
    let (open, note) = open_calls(gong, listed);
    notes.extend(note);
    let mut sources = Sources::default();
    let mut private = 0;
    let mut findings = Vec::new();
    for one in listed {
        let closed = |id: &String| open.as_ref().is_some_and(|open| !open.contains(id));
        if call_ids(one).iter().any(closed) {
            private += 1;
        } else {
            findings.extend(finding(one, &mut sources));
        }
    }
    AiAnswer {
        about: entity.shown(),
        period: period.shown(),
        findings,
        sources: sources.listed,
        calls_searched: answer.count("numOfCallsSearched"),
        emails_searched: answer.count("numOfEmailsSearched"),
        left_out_private: (private > 0).then_some(private),
        notes,
        requests: gong.requests(),
    }
}

/// Ids of the cited calls that may be shown; none where all may. What Gong does not tell of
/// a call may be that it is private.
fn open_calls(gong: &Gong<'_>, listed: &[Value]) -> (Option<Vec<String>>, Option<String>) {
    if gong.settings.private_calls {
        return (None, None);
    }
    let ids: Vec<String> = listed.iter().flat_map(call_ids).collect();
    match calls::by_ids(gong, ids.iter().map(String::as_str)) {
        Ok(told) => {
            let open = told.into_iter().filter(|(_, call)| !call.is_private());
            (Some(open.map(|(id, _)| id).collect()), None)
        }
        Err(error) => (
            Some(Vec::new()),
            Some(format!(
                "Which calls are private could not be learnt, so findings from calls are left out. {}",
                error.text()
            )),
        ),
    }
}

/// The part of a finding, or of a section, that names conversations.
fn conversations(one: &Value) -> &Value {
    one.get("conversationFindings").unwrap_or(one)
}

fn call_ids(one: &Value) -> Vec<String> {
    let found = conversations(one).items("callFindings").iter();
    found
        .filter_map(|found| found.get("call")?.id("id"))
        .collect()
}

/// Sources, each once.
#[derive(Default)]
struct Sources {
    listed: Vec<AiSource>,
    labels: BTreeMap<(char, String), String>,
    counts: [usize; 2],
}

impl Sources {
    fn call(&mut self, call: &Value) -> String {
        let source = |label| AiSource {
            label,
            id: call.id("id").unwrap_or_default(),
            title: call.text("title"),
            at: call.instant("started"),
            url: call.text("url"),
        };
        self.add('C', call, source)
    }

    fn email(&mut self, email: &Value) -> String {
        let source = |label| AiSource {
            label,
            id: email.id("id").unwrap_or_default(),
            title: email.text("title"),
            at: email.instant("sentDateTime"),
            url: None,
        };
        self.add('E', email, source)
    }

    fn add(&mut self, letter: char, of: &Value, source: impl FnOnce(String) -> AiSource) -> String {
        let key = (letter, of.id("id").unwrap_or_else(|| of.to_string()));
        if let Some(label) = self.labels.get(&key) {
            return label.clone();
        }
        let count = &mut self.counts[usize::from(letter == 'E')];
        *count += 1;
        let label = format!("{letter}{count}");
        self.listed.push(source(label.clone()));
        self.labels.insert(key, label.clone());
        label
    }
}

/// A finding of an answer or a section of a brief; nothing where it says nothing.
fn finding(one: &Value, sources: &mut Sources) -> Option<AiFinding> {
    let found = conversations(one);
    let calls = found.items("callFindings").iter();
    let mut labels: Vec<String> = calls
        .filter_map(|found| found.get("call"))
        .map(|call| sources.call(call))
        .collect();
    for email in found
        .items("emailFindings")
        .iter()
        .flat_map(|found| found.items("emails"))
    {
        labels.push(sources.email(email));
    }
    labels.dedup();
    let items = ["answerItems", "sectionSummary"];
    let finding = AiFinding {
        title: one.text("title"),
        kind: one
            .text("briefSectionType")
            .filter(|kind| kind != "Conversations"),
        points: items.iter().flat_map(|key| one.texts(key)).collect(),
        sources: labels,
        web: one.items("webFindings").iter().filter_map(web).collect(),
        problem: one.get("mcpResult").and_then(problem),
    };
    let says = !finding.points.is_empty()
        || finding.title.is_some()
        || finding.problem.is_some()
        || !finding.sources.is_empty();
    says.then_some(finding)
}

fn web(page: &Value) -> Option<String> {
    let parts = [
        page.text("title"),
        page.text("url").or_else(|| page.text("domain")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(": "))
}

/// Why a section from other systems (MCP) is not whole.
fn problem(result: &Value) -> Option<String> {
    let status = result
        .text("mcpStatus")
        .filter(|status| status != "SUCCESS");
    let connections = result.items("connections").iter().filter_map(|one| {
        let status = one.text("status").filter(|status| status != "SUCCESS")?;
        Some(format!("{} {status}", one.text("name").unwrap_or_default()))
    });
    let parts: Vec<String> = status
        .into_iter()
        .chain(result.text("errorMessage"))
        .chain(connections)
        .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
