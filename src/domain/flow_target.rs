//! The flow that prospects are assigned to, with the steps that it will do.

use serde_json::json;

use crate::{
    client::{Gong, json::ApiResponse},
    error::{Error, bad_argument},
    gong::{
        flows::{Flow, of_owner},
        id::is_id,
    },
    json_ext::JsonExt,
    names::{choose, handle, near_first, unknown},
    prelude::*,
    render,
};

/// One step of a flow, as far as assigning needs it.
pub(crate) struct Step {
    /// From 1.
    pub(crate) number: u32,
    /// Such as `AUTO_SEND_EMAIL`.
    pub(crate) action: String,
    /// The subject of its e-mail.
    pub(crate) subject: Option<String>,
}

impl Step {
    /// Whether the step is done without a person: by its action, or because Gong names no action.
    fn is_unattended(&self) -> bool {
        self.action.is_empty() || self.action.starts_with("AUTO_")
    }

    fn is_email(&self) -> bool {
        self.action == "AUTO_SEND_EMAIL"
    }

    /// `1 “Your month end”`, and of an unattended step that is no e-mail `2 (AUTO_…)`.
    fn shown(&self) -> String {
        match (&self.subject, &*self.action) {
            (Some(subject), _) => format!("{} “{subject}”", self.number),
            (None, "") => format!("{} (Gong names no action)", self.number),
            (None, _) if self.is_email() => format!("{} (no subject)", self.number),
            (None, action) => format!("{} ({action})", self.number),
        }
    }
}

/// The flow with its steps.
pub(crate) struct FlowTarget {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Sorted by number.
    pub(crate) steps: Vec<Step>,
}

/// Finds the flow by id or, among the owner's flows, by name, and reads its steps.
///
/// # Errors
/// `bad-argument` with the choices; whatever the requests fail with; `unexpected-answer` where Gong
/// does not answer with the steps, as it is not known then what the flow sends.
pub(crate) fn find(gong: &Gong<'_>, flow: &str, owner: &str) -> Result<FlowTarget, Error> {
    let text = handle(flow);
    let id = if is_id(text) {
        text.to_owned()
    } else {
        let read = of_owner(gong, owner, &[])?;
        if let Some(why) = read.stopped {
            return Err(bad_argument(
                "flow",
                &format!("not all flows were read, so another may have that name too: {why}"),
                "the flow's id.",
            ));
        }
        let all = read.items;
        let found = choose(gong.name_fit(), &all, Flow::name, text).map_err(|near| {
            let choices = near_first(&all, near).into_iter();
            let choices = choices.map(|one| {
                let shown = format!("{} ({})", one.name(), one.id());
                (shown, one.id().to_owned())
            });
            unknown("flow", "flow", text, choices, all.len(), "gong_list_flows")
        })?;
        found.id().to_owned()
    };
    const OPERATION: &str = "POST /v2/flows/steps";
    let answer: ApiResponse = gong.post("/v2/flows/steps", &json!({ "flowIds": [id] }))?;
    let mut flows = answer.listed("flows", OPERATION)?.iter();
    let flow = flows.find(|flow| flow.id("id").as_ref() == Some(&id));
    let steps = flow.and_then(|flow| flow.get("steps")?.as_array());
    let (Some(flow), Some(steps)) = (flow, steps) else {
        return Err(Error::unexpected_answer(format!(
            "Gong's answer to {OPERATION} does not tell the steps of flow {id}, so it is not known what it sends. \
             Nothing was assigned."
        )));
    };
    let mut steps: Vec<Step> = steps
        .iter()
        .map(|step| Step {
            number: step.count("stepOrder").unwrap_or(0),
            action: step.text("action").unwrap_or_default(),
            subject: step.text("subject"),
        })
        .collect();
    steps.sort_unstable_by_key(|step| step.number);
    Ok(FlowTarget {
        name: flow.text("name").unwrap_or_else(|| id.clone()),
        id,
        steps,
    })
}

impl FlowTarget {
    /// `flow “Cold outreach” (1695493301223590001)`.
    pub(crate) fn shown(&self) -> String {
        format!("flow “{}” ({})", self.name, self.id)
    }

    /// The unattended steps, and whether all of them are e-mails.
    fn unattended(&self) -> (Vec<String>, bool) {
        let unattended = self.steps.iter().filter(|step| step.is_unattended());
        let are_emails = unattended.clone().all(Step::is_email);
        (unattended.map(Step::shown).collect(), are_emails)
    }

    /// Fails for a flow that does something unattended unless the arguments allow it.
    ///
    /// # Errors
    /// `bad-argument` with these steps.
    pub(crate) fn guard(&self, allowed: Option<bool>) -> Result<(), Error> {
        let (steps, are_emails) = self.unattended();
        if steps.is_empty() || allowed == Some(true) {
            return Ok(());
        }
        Err(bad_argument(
            "allow_unattended_email",
            &format!(
                "{} {} that nobody looks at first: step {}. Nothing was assigned. Once the user agrees to \
                 them, set it.",
                self.shown(),
                match are_emails {
                    true => format!("sends {}", render::count(steps.len() as u32, "e-mail")),
                    false => format!("does {}", render::count(steps.len() as u32, "step")),
                },
                steps.join("; step ")
            ),
            "{\"allow_unattended_email\": true}.",
        ))
    }

    /// The receipt's notes on the steps: the unattended ones, on a dry run all of them.
    pub(crate) fn notes(&self, allowed: Option<bool>, dry_run: Option<bool>) -> Vec<String> {
        let (steps, are_emails) = self.unattended();
        let what = match are_emails {
            true => "E-mail goes out unattended",
            false => "Done unattended",
        };
        let unattended = match steps.is_empty() {
            true => "No step sends e-mail unattended.".to_owned(),
            false => format!("{what}: step {}.", steps.join("; step ")),
        };
        let mut notes = Vec::from([unattended]);
        if dry_run == Some(true) {
            if self.guard(allowed).is_err() {
                notes.push("Without allow_unattended_email it is refused.".to_owned());
            }
            let all = self.steps.iter().map(|step| {
                let subject = step.subject.iter().map(|subject| format!(" “{subject}”"));
                let subject: String = subject.collect();
                format!("{} {}{subject}", step.number, step.action)
            });
            notes.push(format!("Steps: {}.", all.collect::<Vec<_>>().join("; ")));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::{FlowTarget, Step};
    use crate::prelude::*;

    fn target(actions: &[&str]) -> FlowTarget {
        let steps = actions.iter().enumerate().map(|(index, action)| Step {
            number: index as u32 + 1,
            action: (*action).to_owned(),
            subject: (index == 0).then(|| "Hello".to_owned()),
        });
        FlowTarget {
            id: "1695493301223590001".to_owned(),
            name: "Cold outreach".to_owned(),
            steps: steps.collect(),
        }
    }

    #[test]
    fn unattended_steps_need_permission() {
        assert!(target(&["SEND_EMAIL", "CALL"]).guard(None).is_ok());
        let risky = target(&["AUTO_SEND_EMAIL", "CALL", ""]);
        assert!(risky.guard(Some(true)).is_ok());
        let emails = target(&["AUTO_SEND_EMAIL", "CALL", "AUTO_SEND_EMAIL"]).guard(None);
        let emails = emails.expect_err("refused").into_text();
        assert!(emails.contains(
            "sends 2 e-mails that nobody looks at first: step 1 “Hello”; step 3 (no subject)."
        ));
        assert_eq!(
            risky.guard(Some(false)).expect_err("refused").text(),
            "Argument `allow_unattended_email`: flow “Cold outreach” (1695493301223590001) does 2 steps that nobody \
             looks at first: step 1 “Hello”; step 3 (Gong names no action). Nothing was assigned. Once the user agrees \
             to them, set it. Example: {\"allow_unattended_email\": true}."
        );
    }
}
