//! The matches as text, labelled as quoted material.

use crate::{
    prelude::*,
    render::{self, Answer, Table},
    time,
    wit::{
        calls::Affiliation,
        transcripts::{CallQuotes, Quote, TranscriptMatches},
    },
};

impl Answer for TranscriptMatches {
    fn text(&self) -> String {
        let matches: u32 = self.calls.iter().map(|call| call.matches).sum();
        let quotes: usize = self.calls.iter().map(|call| call.quotes.len()).sum();
        let mut text = String::new();
        render::filling(&mut text, &self.scan);
        text.push_str(&match matches {
            0 if self.resume.is_some() => "No match so far. ".into(),
            0 => "No match. ".into(),
            _ => format!(
                "{} in {}, newest first. ",
                match matches {
                    1 => "1 match".into(),
                    matches => format!("{matches} matches"),
                },
                render::count(self.calls.len() as u32, "call")
            ),
        });
        render::scan(&mut text, &self.scan);
        let without = self.without_transcript.unwrap_or(0);
        match self.searched + without {
            0 => text.push_str("No call fits the filters.\n"),
            fit => {
                text.push_str(&format!(
                    "{} {} the filters: searched {}",
                    render::count(fit, "call"),
                    if fit == 1 { "fits" } else { "fit" },
                    render::count(self.searched, "transcript"),
                ));
                if without > 0 {
                    text.push_str(&format!("; {without} without transcript"));
                }
                text.push_str(".\n");
            }
        }
        self.table(&mut text);
        if quotes > 0 {
            render::line(&mut text, "Link to second s", self.moment_url.as_deref());
            text.push_str(&self.notice);
            text.push_str(" In brackets: the sentence before, the sentence after.\n");
            let quoted = self.calls.iter().filter(|one| !one.quotes.is_empty());
            quoted.for_each(|one| call(&mut text, one));
            text.push_str("End of the quoted words.\n");
        }
        if quotes < matches as usize {
            text.push_str(
                "More of what was said: gong_get_transcript, or quotes up to 5 for fewer calls.\n",
            );
        }
        render::line(&mut text, "Older calls: resume", self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}

impl TranscriptMatches {
    /// The calls that say it, and how often.
    fn table(&self, text: &mut String) {
        let mut table = Table::new([
            "id",
            "matches",
            "started (UTC)",
            "min",
            "title",
            "account",
            "private",
        ]);
        for call in &self.calls {
            table.row([
                call.call_id.clone(),
                call.matches.to_string(),
                time::in_table(&call.started),
                call.minutes.to_string(),
                call.title.clone().unwrap_or_default(),
                call.account.clone().unwrap_or_default(),
                if call.private == Some(true) {
                    "yes"
                } else {
                    ""
                }
                .into(),
            ]);
        }
        table.write(text);
    }
}

fn call(text: &mut String, call: &CallQuotes) {
    text.push_str(&format!(
        "## {} ({})\n",
        call.title.as_deref().unwrap_or("Untitled call"),
        call.call_id,
    ));
    render::line(text, "Link to second s", call.moment_url.as_deref());
    for (index, quote) in call.quotes.iter().enumerate() {
        let known = call.quotes[..index]
            .iter()
            .any(|other| other.speaker == quote.speaker);
        quote_line(text, quote, known);
    }
}

/// A speaker's title and affiliation are shown only with the first quote of a call.
fn quote_line(text: &mut String, quote: &Quote, known: bool) {
    text.push_str(&format!("{} {}", quote.at, quote.speaker));
    if !known {
        let affiliation = match quote.affiliation {
            Affiliation::Internal => "internal",
            Affiliation::External => "external",
            Affiliation::Unknown => "affiliation unknown",
        };
        match &quote.title {
            Some(title) => text.push_str(&format!(" ({title}, {affiliation})")),
            None => text.push_str(&format!(" ({affiliation})")),
        }
    }
    text.push_str(": ");
    if let Some(before) = &quote.before {
        text.push_str(&format!("[{before}] "));
    }
    text.push_str(&quote.text);
    if let Some(after) = &quote.after {
        text.push_str(&format!(" [{after}]"));
    }
    text.push('\n');
}
