use crate::{
    gong::{calls::Call, transcripts::Monologue},
    tools::{
        get_transcript::turns::{Part, transcript},
        resume_number,
    },
    wit::transcripts::Speakers,
};

fn cut(limit: usize, first_turn: usize) -> crate::wit::transcripts::Transcript {
    let call: Call = serde_json::from_str(
        r#"{"metaData":{"id":"1","url":"https://x/call?id=1"},"parties":[
        {"speakerId":"a","name":"Ann Li","affiliation":"Internal"},{"speakerId":"b","name":"Ann Ray","affiliation":"External","title":"CFO"}]}"#,
    )
    .expect("call");
    let monologues: Vec<Monologue> = serde_json::from_str(
        r#"[{"speakerId":"a","topic":"Intro","sentences":[{"start":0,"text":"One."},{"start":1500,"text":"Two."}]},
        {"speakerId":"a","topic":null,"sentences":[{"start":3000,"text":"Three."}]},
        {"speakerId":"b","topic":"Pricing","sentences":[{"start":61250,"text":"Four\n## not a heading."}]},
        {"speakerId":null,"sentences":[{"start":61250,"text":"Five."}]}]"#,
    )
    .expect("transcript");
    transcript(
        &call,
        monologues,
        Speakers::All,
        Part {
            window: 0..u64::MAX,
            first_turn,
            limit,
        },
        2,
    )
}

#[test]
fn sentences_of_one_speaker_merge_and_lines_stay_lines() {
    let all = cut(60_000, 0);
    let turns: Vec<_> = all
        .turns
        .iter()
        .map(|turn| (turn.at.as_str(), turn.speaker.as_str(), turn.text.as_str()))
        .collect();
    assert_eq!(
        turns,
        [
            ("0:00", "Ann Li", "One. Two. Three."),
            ("1:01", "Ann Ray", "Four ## not a heading."),
            ("1:01", "Speaker 1", "Five."),
        ]
    );
    assert_eq!(all.resume, None);
}

#[test]
fn a_budget_cuts_between_turns_and_goes_on_without_loss() {
    let mut texts = Vec::new();
    let mut resume = None;
    for _ in 0..3 {
        let part = cut(
            1,
            resume_number(resume.as_deref(), "turn-").expect("a token"),
        );
        assert_eq!((part.turns.len(), part.turns_in_all), (1, 3));
        texts.push(part.turns[0].text.clone());
        resume = part.resume;
    }
    assert_eq!(
        texts,
        ["One. Two. Three.", "Four ## not a heading.", "Five."]
    );
    assert_eq!(resume, None);
    assert!(resume_number(Some("61:00"), "turn-").is_err());
}
