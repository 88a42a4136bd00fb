//! The argument `access` of a change of a permission profile: areas and how far access goes in each.

use serde_json::{Map, Value};

use crate::{
    domain::profile_patch::{FOLDERS, object_at},
    error::{Error, bad_argument},
    gong::permission_profiles::area_of,
    prelude::*,
    text::{fold_case, shortened},
};

/// The object that has the blocks of the forecast.
const FORECAST: &str = "forecastPermissions";

/// The areas by the names that answers use: name, the object that the area's block is in if it is not
/// the profile itself, and the block.
const AREAS: [(&str, Option<&str>, &str); 10] = [
    ("calls", None, "callsAccess"),
    ("deals", None, "dealsAccess"),
    ("coaching", None, "coachingAccess"),
    ("insights", None, "insightsAccess"),
    ("usage", None, "usageAccess"),
    ("emails", None, "emailsAccess"),
    ("forecast", Some(FORECAST), "forecastAccess"),
    (
        "forecast edit submissions",
        Some(FORECAST),
        "forecastEditSubmissions",
    ),
    (
        "forecast edit targets",
        Some(FORECAST),
        "forecastEditTargets",
    ),
    ("library folder", None, FOLDERS),
];
/// Gong's levels of access.
const LEVELS: [&str; 5] = ["all", "managers-team", "report-to-them", "own", "none"];
/// Gong's levels of access to library folders.
const FOLDER_LEVELS: [&str; 3] = ["all", "specific-folders", "none"];

/// One line of the argument: `deals managers-team of Ann Li and Bo Ray`.
pub(super) struct AccessLine {
    pub(super) area: String,
    pub(super) level: &'static str,
    /// Names, e-mails or ids of team leads.
    pub(super) leads: Vec<String>,
}

impl AccessLine {
    /// Reads a line.
    ///
    /// # Errors
    /// `bad-argument`.
    pub(super) fn parse(line: &str) -> Result<Self, Error> {
        const EXAMPLE: &str = "[\"calls all\", \"deals managers-team of Ann Li and Bo Ray\"].";
        let wrong = |problem: &str| {
            Error::bad_argument(format!(
                "Argument `access`: “{}” {problem} Example: {EXAMPLE}",
                shortened(line)
            ))
        };
        let line = line.trim();
        // An area's name may have an "of" in it; the one before the leads comes after a level.
        let after_level = |at: &usize| {
            let level = line[..*at]
                .split_whitespace()
                .next_back()
                .unwrap_or_default();
            LEVELS.contains(&fold_case(level).replace('_', "-").as_str())
        };
        let of = line
            .match_indices(" of ")
            .map(|(at, _)| at)
            .find(after_level);
        let (what, leads) = of.map_or((line, ""), |at| (&line[..at], &line[at + 4..]));
        let Some((area, level)) = what.rsplit_once([' ', ':', '=']) else {
            return Err(wrong("is not an area and a level."));
        };
        let area = fold_case(area.trim_end_matches([':', '=', ' '])).replace(['_', '-'], " ");
        let area = match area.as_str() {
            "library" | "library folders" => "library folder",
            "forecast submissions" => "forecast edit submissions",
            "forecast targets" => "forecast edit targets",
            other => other,
        };
        let levels = match area {
            "library folder" => &FOLDER_LEVELS[..],
            _ => &LEVELS[..],
        };
        let level = fold_case(level).replace('_', "-");
        let Some(level) = levels.iter().find(|one| **one == level) else {
            return Err(wrong(&format!(
                "has none of the levels of {area}: {}.",
                levels.join(", ")
            )));
        };
        let leads: Vec<String> = leads
            .split(',')
            .flat_map(|leads| leads.split(" and "))
            .map(|lead| lead.trim().to_owned())
            .filter(|lead| !lead.is_empty())
            .collect();
        match (*level, leads.is_empty()) {
            ("managers-team", true) => Err(wrong("does not say of whom.")),
            ("managers-team" | "report-to-them", _) | (_, true) => Ok(Self {
                area: area.to_owned(),
                level,
                leads,
            }),
            (level, false) => Err(wrong(&format!("names leads, which {level} has not."))),
        }
    }
}

/// The block of an area in a profile. The profile may have areas that are newer than [`AREAS`].
///
/// # Errors
/// `bad-argument` for an unknown area.
pub(super) fn block<'p>(
    profile: &'p mut Map<String, Value>,
    area: &str,
) -> Result<&'p mut Map<String, Value>, Error> {
    if let Some((_, parent, key)) = AREAS.iter().find(|(name, _, _)| *name == area) {
        return Ok(match parent {
            Some(parent) => object_at(object_at(profile, parent), key),
            None => object_at(profile, key),
        });
    }
    let newer = profile
        .iter()
        .find(|(key, value)| value["permissionLevel"].is_string() && area_of(key) == area)
        .map(|(key, _)| key.clone());
    match newer {
        Some(key) => Ok(object_at(profile, &key)),
        None => {
            let areas: Vec<&str> = AREAS.iter().map(|(name, _, _)| *name).collect();
            Err(bad_argument(
                "access",
                &format!(
                    "“{}” is no area; there are: {}.",
                    shortened(area),
                    areas.join(", ")
                ),
                "[\"calls all\", \"library none\"].",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AccessLine;

    #[test]
    fn a_line_of_access_is_area_level_and_leads() {
        let read = |line: &str| {
            AccessLine::parse(line)
                .map(|read| format!("{}|{}|{}", read.area, read.level, read.leads.join("+")))
                .map_err(|error| error.text().to_owned())
        };
        assert_eq!(read("calls all"), Ok("calls|all|".into()));
        assert_eq!(read("Calls: Own"), Ok("calls|own|".into()));
        assert_eq!(
            read("deals managers-team of Ann Li, Bo Ray and 234599484848423"),
            Ok("deals|managers-team|Ann Li+Bo Ray+234599484848423".into())
        );
        assert_eq!(
            read("forecast_targets report_to_them"),
            Ok("forecast edit targets|report-to-them|".into())
        );
        assert_eq!(
            read("library specific-folders"),
            Ok("library folder|specific-folders|".into())
        );
        assert_eq!(
            read("new permission of tomorrow managers-team of Ann Li"),
            Ok("new permission of tomorrow|managers-team|Ann Li".into())
        );
        for wrong in [
            "calls",
            "calls some",
            "library own",
            "calls managers-team",
            "deals all of Ann Li",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
