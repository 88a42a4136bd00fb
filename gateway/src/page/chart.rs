//! A bar chart of requests over time, in SVG.

use super::view;

/// Size of the view box. The browser scales it to the available width.
const WIDTH: u32 = 720;
const HEIGHT: u32 = 180;

/// Margins, for the numbers at the left and the times below.
const LEFT: u32 = 60;
const BELOW: u32 = 20;
const ABOVE: u32 = 14;

/// Horizontal lines above zero.
const LINES: u64 = 4;

/// What one bar shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Count {
    /// Such as `2026-11-24 13:00`.
    pub(super) label: String,
    /// A label below the bar, if it has one.
    pub(super) tick: Option<String>,
    /// Requests to Gong.
    pub(super) requests: u64,
    /// Calls of tools.
    pub(super) calls: u64,
}

/// A chart, in units of its view box.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) summary: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) left: u32,
    pub(super) grid: Vec<Line>,
    pub(super) bars: Vec<Bar>,
    /// The height of the limit's line, if it is shown.
    pub(super) limit: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) y: u32,
    pub(super) text: u64,
}

#[derive(Debug)]
pub(super) struct Bar {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) label: String,
    pub(super) tick: Option<String>,
    pub(super) value: u64,
    pub(super) calls: u64,
}

impl Chart {
    /// Draws a chart. The line of `limit` is shown if a bar reaches half of it.
    pub(super) fn draw(title: &'static str, counts: Vec<Count>, limit: Option<u64>) -> Self {
        let most = counts.iter().map(|count| count.requests).max().unwrap_or(0);
        let total: u64 = counts.iter().map(|count| count.requests).sum();
        let calls: u64 = counts.iter().map(|count| count.calls).sum();
        let limit = limit.filter(|limit| most.saturating_mul(2) >= *limit);
        let step = step(most.max(limit.unwrap_or(0)));
        let top = step * LINES;
        let room = u64::from(HEIGHT - BELOW - ABOVE);
        let scaled = |value: u64| -> u32 {
            let scaled = u128::from(value.min(top)) * u128::from(room) / u128::from(top);
            u32::try_from(scaled).expect("within the drawing")
        };
        let y = |value| HEIGHT - BELOW - scaled(value);
        let all = u32::try_from(counts.len()).unwrap_or(u32::MAX).max(1);
        let pitch = (WIDTH - LEFT) / all;
        let busiest = counts.iter().max_by_key(|count| count.requests);
        let summary = match busiest.filter(|_| most > 0) {
            Some(busiest) => format!(
                "{} to Gong by {}; most at {}: {}.",
                view::count(total, "request"),
                view::count(calls, "call"),
                busiest.label,
                view::number(most)
            ),
            None => format!("No requests to Gong; {}.", view::count(calls, "call")),
        };
        let bars = (0..).zip(counts).map(|(place, count)| {
            // Even a single request is visible.
            let least = u32::from(count.requests > 0) * 2;
            let height = scaled(count.requests).max(least);
            Bar {
                x: LEFT + place * pitch + 1,
                y: HEIGHT - BELOW - height,
                width: pitch.saturating_sub(3).max(1),
                height,
                label: count.label,
                tick: count.tick,
                value: count.requests,
                calls: count.calls,
            }
        });
        Self {
            title,
            summary,
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            bars: bars.collect(),
            grid: (0..=LINES)
                .map(|line| Line {
                    y: y(line * step),
                    text: line * step,
                })
                .collect(),
            limit: limit.map(y),
        }
    }
}

/// The distance between lines: the least of 1, 2, 2.5 and 5 times a power of ten with which
/// [`LINES`] lines reach `most`.
fn step(most: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        let steps = [power, power * 2, power * 5 / 2, power * 5];
        let whole = steps
            .into_iter()
            .filter(|step| step * 2 != power * 5 || power > 1);
        if let Some(step) = whole
            .into_iter()
            .find(|step| step.saturating_mul(LINES) >= most)
        {
            return step;
        }
        match power
            .checked_mul(10)
            .filter(|power| *power < u64::MAX / 100)
        {
            Some(next) => power = next,
            None => return u64::MAX / LINES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(requests: &[u64]) -> Vec<Count> {
        requests
            .iter()
            .map(|requests| Count {
                label: format!("{requests}"),
                tick: None,
                requests: *requests,
                calls: 1,
            })
            .collect()
    }

    #[test]
    fn lines_stand_at_round_numbers() {
        let steps = [0, 4, 5, 9, 21, 40, 90, 101, 10_000].map(step);
        assert_eq!(steps, [1, 1, 2, 5, 10, 10, 25, 50, 2_500]);
        assert!(step(u64::MAX) > u64::MAX / 5);
    }

    #[test]
    fn bars_stay_within_the_drawing() {
        let chart = Chart::draw("x", counts(&[0, 1, 5_000, 10_000]), Some(10_000));
        let heights: Vec<u32> = chart.bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [0, 2, 73, 146]);
        assert_eq!(chart.limit, Some(ABOVE));
        for bar in &chart.bars {
            assert!(bar.x >= LEFT && bar.x + bar.width <= WIDTH);
            assert_eq!(bar.y + bar.height, HEIGHT - BELOW);
        }
        assert_eq!(
            chart.summary,
            "15,001 requests to Gong by 4 calls; most at 10000: 10,000."
        );
    }

    #[test]
    fn a_quiet_day_and_a_far_limit() {
        let chart = Chart::draw("x", counts(&[0, 0]), Some(10_000));
        assert_eq!(chart.limit, None);
        assert_eq!(chart.summary, "No requests to Gong; 2 calls.");
        assert_eq!(Chart::draw("x", counts(&[]), None).bars.len(), 0);
    }
}
