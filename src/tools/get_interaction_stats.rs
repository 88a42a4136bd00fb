//! `gong_get_interaction_stats`. POST /v2/stats/interaction; api:stats:interaction. Gong
//! counts calls with Whisper on. Its documentation has no units: seconds and questions an hour are
//! what Gong's product shows.

use serde_json::Value;

use crate::{
    client::Gong,
    domain::list_part::ListPart,
    error::Error,
    gong::stats::{self, Source, StatsQuery},
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table},
    tools::{
        get_activity_stats::{range_text, write_end},
        limit,
    },
    wit::stats::{GetInteractionStats, InteractionRow, InteractionStats, OtherStat},
};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;

/// Reads the statistics of all users and looks up the names of those on the page.
pub(crate) fn run(gong: &Gong<'_>, args: GetInteractionStats) -> Result<InteractionStats, Error> {
    let limit = limit(args.limit, 100, 500)?;
    let query = StatsQuery {
        users: &args.users,
        from: args.from.as_deref(),
        to: args.to.as_deref(),
        default_days: DEFAULT_DAYS,
    };
    let source = Source {
        path: "/v2/stats/interaction",
        key: "peopleInteractionStats",
        period: None,
    };
    let mut read = stats::read(gong, &query, &source)?;
    if read.users.is_empty() {
        read.notes
            .push("Only calls with Whisper on are counted.".into());
    }
    let rows = read.users.iter().map(row);
    let part = ListPart::limited(gong, rows, limit, args.resume.as_deref())?;
    let mut users = part.items;
    let names = read.names(gong, users.iter().map(|row| row.user_id.as_str()));
    for row in &mut users {
        row.user = names.get(&row.user_id).cloned().or(row.user.take());
    }
    Ok(InteractionStats {
        resume: part.resume,
        users,
        matched: part.matched,
        from: read.from,
        to: read.to,
        zone: read.zone,
        notes: read.notes,
        stopped: read.stopped,
        requests: gong.requests(),
    })
}

fn row(user: &Value) -> InteractionRow {
    let mut row = InteractionRow {
        user_id: user.id("userId").unwrap_or_default(),
        user: user.text("userEmailAddress"),
        talk_ratio: None,
        longest_monologue: None,
        longest_customer_story: None,
        interactivity: None,
        patience: None,
        question_rate: None,
        other: Vec::new(),
    };
    for stat in user.items("personInteractionStats") {
        let (Some(name), Some(value)) = (stat.text("name"), stat.number("value")) else {
            continue;
        };
        match name.as_str() {
            "Talk Ratio" => row.talk_ratio = Some(value),
            "Longest Monologue" => row.longest_monologue = Some(value),
            "Longest Customer Story" => row.longest_customer_story = Some(value),
            "Interactivity" => row.interactivity = Some(value),
            "Patience" => row.patience = Some(value),
            "Question Rate" => row.question_rate = Some(value),
            _ => row.other.push(OtherStat { name, value }),
        }
    }
    row
}

/// At most two decimals, without trailing zeros.
fn short(value: f64) -> String {
    let hundredths = (value * 100.0 + 0.5_f64.copysign(value)) as i64;
    (hundredths as f64 / 100.0).to_string()
}

impl Answer for InteractionStats {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {}, {}; calls with Whisper on.\n",
            render::count(self.users.len() as u32, "user"),
            self.matched,
            range_text(&self.from, &self.to, self.zone.as_deref())
        );
        let mut table = Table::new([
            "user",
            "user id",
            "talk ratio",
            "longest monologue (s)",
            "longest customer story (s)",
            "interactivity",
            "patience (s)",
            "questions an hour",
            "other",
        ]);
        for row in &self.users {
            let cell = |value: Option<f64>| value.map_or_else(String::new, short);
            let other: Vec<String> = row
                .other
                .iter()
                .map(|stat| format!("{} {}", stat.name, short(stat.value)))
                .collect();
            table.row([
                row.user.clone().unwrap_or_default(),
                row.user_id.clone(),
                cell(row.talk_ratio),
                cell(row.longest_monologue),
                cell(row.longest_customer_story),
                cell(row.interactivity),
                cell(row.patience),
                cell(row.question_rate),
                other.join("; "),
            ]);
        }
        render::none(
            &mut text,
            &self.users,
            "No call with these users was analysed in the range; today is counted from tomorrow on.",
        );
        table.write(&mut text);
        write_end(
            &mut text,
            &self.notes,
            self.stopped.as_deref(),
            self.resume.as_deref(),
        );
        render::requests(&mut text, self.requests);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_keep_two_decimals_at_most() {
        assert_eq!(
            [
                short(0.4473),
                short(131.0),
                short(0.5),
                short(0.0),
                short(100.0)
            ],
            ["0.45", "131", "0.5", "0", "100"]
        );
    }
}
