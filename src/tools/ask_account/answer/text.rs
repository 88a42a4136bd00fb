//! An answer of Gong's AI as text.

use crate::{
    prelude::*,
    render::{self, Answer, Table, cell},
    time,
    wit::ai::{AiAnswer, AiFinding},
};

impl Answer for AiAnswer {
    fn text(&self) -> String {
        let count = |number: Option<u32>, noun: &str| {
            number.map_or_else(
                || format!("an unknown number of {noun}s"),
                |number| render::count(number, noun),
            )
        };
        let mut text = format!(
            "About {}, {}: Gong searched {} and {}.\n",
            self.about,
            self.period,
            count(self.calls_searched, "call"),
            count(self.emails_searched, "e-mail"),
        );
        if self.findings.is_empty() {
            text.push_str("Gong's AI found nothing to say.\n");
        } else {
            text.push_str(&self.notice);
            text.push('\n');
        }
        for finding in &self.findings {
            write(&mut text, finding);
        }
        let mut table = Table::new(["source", "UTC", "title", "link", "id"]);
        for source in &self.sources {
            table.row([
                source.label.clone(),
                source.at.as_deref().map(time::in_table).unwrap_or_default(),
                cell(&source.title),
                cell(&source.url),
                if source.url.is_some() {
                    String::new()
                } else {
                    source.id.clone()
                },
            ]);
        }
        table.write(&mut text);
        render::left_out(
            &mut text,
            self.left_out_private,
            "findings from private calls, or calls that Gong does not tell about",
        );
        for note in &self.notes {
            text.push_str(note);
            text.push('\n');
        }
        render::requests(&mut text, self.requests);
        text
    }
}

fn write(text: &mut String, finding: &AiFinding) {
    if finding.title.is_some() || finding.kind.is_some() {
        let kind = finding.kind.as_ref();
        let kind = kind.map_or_else(String::new, |kind| format!(" [{kind}]"));
        let title = finding.title.as_deref().unwrap_or("Untitled");
        text.push_str(&format!("## {title}{kind}\n"));
    }
    let cited = match finding.sources.is_empty() {
        true => String::new(),
        false => format!(" [{}]", finding.sources.join(", ")),
    };
    // The sources belong to all points together, so they come after the last one.
    let last = finding.points.len().saturating_sub(1);
    for (index, point) in finding.points.iter().enumerate() {
        let cited = if index == last { cited.as_str() } else { "" };
        text.push_str(&format!("- {point}{cited}\n"));
    }
    if finding.points.is_empty() && !cited.is_empty() {
        text.push_str(&format!("-{cited}\n"));
    }
    render::list(text, "Web", &finding.web, "; ");
    render::line(text, "Problem", finding.problem.as_deref());
}
