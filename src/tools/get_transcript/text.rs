//! A transcript as text, labelled as quoted material.

use crate::{
    prelude::*,
    render::{self, Answer},
    time,
    wit::{calls::Affiliation, transcripts::Transcript},
};

impl Answer for Transcript {
    fn text(&self) -> String {
        let mut text = format!(
            "Transcript of {} ({}), {} {}, {} min: {} of {}.\n",
            self.title.as_deref().unwrap_or("an untitled call"),
            self.call_id,
            time::in_table(&self.started),
            time::local_name(),
            self.minutes,
            render::count(self.turns.len() as u32, "turn"),
            self.turns_in_all
        );
        render::line(&mut text, "Link to second s", self.moment_url.as_deref());
        for speaker in &self.speakers_seen {
            let affiliation = match speaker.affiliation {
                Affiliation::Internal => "internal",
                Affiliation::External => "external",
                Affiliation::Unknown => "affiliation unknown",
            };
            let who = [
                speaker.name.as_deref(),
                speaker.title.as_deref(),
                Some(affiliation),
            ];
            text.push_str(&format!(
                "{} = {}\n",
                speaker.label,
                who.into_iter().flatten().collect::<Vec<_>>().join(", ")
            ));
        }
        text.push_str(&self.notice);
        text.push('\n');
        for turn in &self.turns {
            if let Some(topic) = &turn.topic {
                text.push_str(&format!("## {topic}\n"));
            }
            text.push_str(&format!("{} {}: {}\n", turn.at, turn.speaker, turn.text));
        }
        text.push_str("End of the quoted words.\n");
        render::line(
            &mut text,
            "Cut here; go on with resume",
            self.resume.as_deref(),
        );
        render::requests(&mut text, self.requests);
        text
    }
}
