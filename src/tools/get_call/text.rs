//! A call's digest as text.

use crate::{
    gong::calls::NAMELESS,
    prelude::*,
    render::{self, Answer, crm_line, first_three},
    time,
    wit::calls::{self as wit, Affiliation, CallDigest, Moment, Person, Section},
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
    if sections.is_empty() {
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

fn people_of(text: &mut String, label: &str, people: &[Person], affiliation: Affiliation) {
    let of_these = people
        .iter()
        .filter(|person| person.affiliation == affiliation);
    let (nameless, named): (Vec<&Person>, Vec<&Person>) =
        of_these.partition(|person| person.name == NAMELESS);
    let mut names: Vec<String> = named
        .into_iter()
        .map(|person| {
            let talked = person
                .talk_seconds
                .map(|seconds| format!("spoke {}", time::into_call(u64::from(seconds) * 1000)));
            let host = person.host.map(|_| "host".to_owned());
            // Readers know their colleagues' titles; the structured answer has them too.
            let title = person
                .title
                .clone()
                .filter(|_| affiliation != Affiliation::Internal || person.user_id.is_some());
            let details = [&host, &title, &person.email, &person.phone, &talked]
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
    if !nameless.is_empty() {
        let seconds: u32 = nameless.iter().filter_map(|one| one.talk_seconds).sum();
        let spoke = match seconds {
            0 => String::new(),
            seconds => format!(", spoke {}", time::into_call(u64::from(seconds) * 1000)),
        };
        let people = if nameless.len() == 1 {
            "person"
        } else {
            "people"
        };
        let and = if names.is_empty() { "" } else { "and " };
        names.push(format!(
            "{and}{} {people} {NAMELESS}{spoke}",
            nameless.len()
        ));
    }
    render::list(text, label, &names, "; ");
}

impl Answer for CallDigest {
    fn text(&self) -> String {
        let mut text = format!(
            "{}\n{} {}, {} min",
            self.title.as_deref().unwrap_or("Untitled call"),
            time::in_table(&self.started),
            time::local_name(),
            self.minutes
        );
        // The scope is left out: the people below show it.
        for part in [&self.direction, &self.system, &self.language]
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
        if self.basic == Some(true) {
            text.push_str(
                "In processing: Gong tells no more of it yet. Try again in some minutes.\n",
            );
        }
        render::line(&mut text, "Link", self.url.as_deref());
        render::line(
            &mut text,
            "Host, not among the people: user",
            self.host_id.as_deref(),
        );
        people_of(&mut text, "External", &self.people, Affiliation::External);
        people_of(&mut text, "Internal", &self.people, Affiliation::Internal);
        people_of(
            &mut text,
            "Unknown affiliation",
            &self.people,
            Affiliation::Unknown,
        );
        render::left_out(&mut text, self.left_out_people, "people who said least");
        if let Some(seconds) = self.other_talk_seconds {
            let spoke = time::into_call(u64::from(seconds) * 1000);
            render::line(&mut text, "Others spoke", Some(&spoke));
        }
        let in_deal = |account: &wit::CrmObject| {
            let name = account
                .name
                .as_deref()
                .filter(|_| account.fields.is_empty());
            let deals = self.deals.iter().filter_map(|deal| deal.name.as_deref());
            name.is_some_and(|name| deals.into_iter().any(|deal| deal.contains(name)))
        };
        for account in self.accounts.iter().filter(|account| !in_deal(account)) {
            crm_line(&mut text, "Account", account);
        }
        for deal in &self.deals {
            crm_line(&mut text, "Deal", deal);
        }
        text.push_str(&self.notice);
        text.push('\n');
        render::line(&mut text, "Brief", self.brief.as_deref());
        if !self.key_points.is_empty() {
            text.push_str("Key points:\n");
            self.key_points
                .iter()
                .for_each(|point| text.push_str(&format!("- {point}\n")));
        }
        if !self.next_steps.is_empty() {
            text.push_str("Next steps:\n");
            self.next_steps
                .iter()
                .for_each(|step| moment_line(&mut text, step));
        }
        render::line(&mut text, "Outcome", self.outcome.as_deref());
        first_three(&mut text, "Topics, min", &self.topics);
        first_three(&mut text, "Trackers", &self.trackers);
        sections(&mut text, "Outline", &self.outline);
        sections(&mut text, "Highlights", &self.highlights);
        sections(&mut text, "Tracker moments", &self.tracker_moments);
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
        render::list(&mut text, "include", &self.more, ", ");
        render::requests(&mut text, self.requests);
        text
    }
}
