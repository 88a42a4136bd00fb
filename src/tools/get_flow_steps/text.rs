//! Flows with their steps as text.

use crate::{
    prelude::*,
    render::{self, Answer},
    wit::flows::FlowSteps,
};

impl Answer for FlowSteps {
    fn text(&self) -> String {
        let shown = self.flows.iter().map(|flow| flow.steps.len().max(1)).sum();
        let mut text = match &self.resume {
            Some(_) => render::part(shown, self.matched, "step") + "\n",
            None => String::new(),
        };
        for flow in &self.flows {
            text.push_str(&format!("## {} ({})", flow.name, flow.id));
            if let Some(visibility) = &flow.visibility {
                text.push_str(&format!(", {visibility}"));
            }
            if flow.exclusive == Some(true) {
                text.push_str(", exclusive");
            }
            text.push('\n');
            render::line(&mut text, "About", flow.description.as_deref());
            let unattended = flow
                .steps
                .iter()
                .filter(|step| step.action == "AUTO_SEND_EMAIL")
                .count();
            if unattended > 0 {
                text.push_str(&format!(
                    "Sent unattended: {}\n",
                    render::count(unattended as u32, "e-mail")
                ));
            }
            if flow.steps.is_empty() {
                text.push_str("No steps.\n");
            }
            for step in &flow.steps {
                let reply = if step.reply == Some(true) {
                    " (reply)"
                } else {
                    ""
                };
                let parts = [
                    step.subject.as_ref().map(|subject| format!("“{subject}”")),
                    step.body.clone(),
                ];
                let parts: String = parts
                    .into_iter()
                    .flatten()
                    .map(|part| format!(" — {part}"))
                    .collect();
                text.push_str(&format!("{}. {}{reply}{parts}\n", step.number, step.action));
            }
        }
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
