//! A call's digest as text.

use alloc::{format, string::String, vec::Vec};

use super::super::Answer;
use crate::{
    gong::{calls::one_line, instant},
    render,
    wit::calls::{self as wit, CallDigest, Moment, Person, Section, Side},
};

fn moment_line(text: &mut String, moment: &Moment) {
    text.push_str("- ");
    if let Some(at) = &moment.at {
        text.push_str(at);
        text.push(' ');
    }
    text.push_str(&moment.text);
    text.push('\n');
}

fn sections(text: &mut String, heading: &str, sections: &[Section]) {
    if sections.iter().all(|section| section.items.is_empty()) {
        let headings = sections.iter().map(|section| match &section.at {
            Some(at) => format!("{at} {}", section.title),
            None => section.title.clone(),
        });
        render::list(text, heading, &headings.collect::<Vec<_>>(), "; ");
        return;
    }
    text.push_str(heading);
    text.push_str(":\n");
    for section in sections {
        let at = section
            .at
            .as_ref()
            .map_or_else(String::new, |at| format!("{at} "));
        text.push_str(&format!("{at}{}\n", section.title));
        section
            .items
            .iter()
            .for_each(|moment| moment_line(text, moment));
    }
}

fn side_people(text: &mut String, label: &str, people: &[Person], side: Side) {
    let names: Vec<String> = people
        .iter()
        .filter(|person| person.side == side)
        .map(|person| {
            let talked = person
                .talk_seconds
                .map(|seconds| format!("spoke {}", instant::into_call(u64::from(seconds) * 1000)));
            let details = [&person.title, &person.email, &person.phone, &talked]
                .into_iter()
                .flatten()
                .cloned();
            let ids = [("user", &person.user_id), ("crm", &person.crm_id)];
            let ids = ids
                .iter()
                .filter_map(|(what, id)| Some(format!("{what} {}", id.as_ref()?)));
            let details: Vec<String> = details.chain(ids).collect();
            match details.is_empty() {
                true => person.name.clone(),
                false => format!("{} ({})", person.name, details.join(", ")),
            }
        })
        .collect();
    render::list(text, label, &names, "; ");
}

fn crm_lines(text: &mut String, label: &str, objects: &[wit::CrmObject]) {
    for object in objects {
        let name = object.name.as_deref().unwrap_or("unnamed");
        let close = object
            .close_date
            .as_ref()
            .map(|date| format!("closes {date}"));
        let probability = object
            .probability
            .as_ref()
            .map(|percent| format!("{percent} %"));
        let details = [&object.stage, &object.amount, &close, &probability];
        let mut line = format!("{} ({})", one_line(name), object.id);
        for detail in details.into_iter().flatten().chain(&object.fields) {
            line.push_str(", ");
            line.push_str(detail);
        }
        render::line(text, label, Some(&line));
    }
}

impl Answer for CallDigest {
    fn text(&self) -> String {
        let mut text = format!(
            "{}\n{} UTC, {} min",
            self.title.as_deref().unwrap_or("Untitled call"),
            instant::in_table(&self.started),
            self.minutes
        );
        for part in [&self.scope, &self.direction, &self.system, &self.language]
            .into_iter()
            .flatten()
        {
            text.push_str(", ");
            text.push_str(part);
        }
        if self.private == Some(true) {
            text.push_str(", private");
        }
        text.push('\n');
        render::line(&mut text, "Link", self.url.as_deref());
        render::line(&mut text, "Host", self.host.as_deref());
        side_people(&mut text, "Customer", &self.people, Side::Customer);
        side_people(&mut text, "Company", &self.people, Side::Company);
        side_people(&mut text, "Unknown side", &self.people, Side::Unknown);
        crm_lines(&mut text, "Account", &self.accounts);
        crm_lines(&mut text, "Deal", &self.deals);
        render::line(&mut text, "Brief", self.brief.as_deref());
        if !self.key_points.is_empty() {
            text.push_str("Key points:\n");
            self.key_points
                .iter()
                .for_each(|point| text.push_str(&format!("- {point}\n")));
        }
        render::line(&mut text, "Outcome", self.outcome.as_deref());
        render::list(&mut text, "Topics", &self.topics, ", ");
        render::list(&mut text, "Trackers", &self.trackers, ", ");
        sections(&mut text, "Outline", &self.outline);
        if !self.highlights.is_empty() {
            sections(&mut text, "Highlights", &self.highlights);
        }
        if !self.tracker_moments.is_empty() {
            sections(&mut text, "Tracker moments", &self.tracker_moments);
        }
        if !self.comments.is_empty() {
            text.push_str("Comments:\n");
        }
        for comment in &self.comments {
            let parts = [&comment.by, &comment.posted, &comment.at]
                .into_iter()
                .flatten()
                .map(String::as_str);
            text.push_str(&format!(
                "- {}: {}\n",
                parts.collect::<Vec<_>>().join(", "),
                comment.text
            ));
        }
        render::list(&mut text, "Stats", &self.stats, "; ");
        render::list(&mut text, "Media, for 8 hours", &self.media, " ");
        render::list(&mut text, "include adds", &self.more, ", ");
        render::requests(&mut text, self.requests);
        text
    }
}
