//! AI clients: when idle ones are hidden, closed and deleted, and kinds of programs with tokens.

use super::*;
use crate::config::clients::IdleAfter;
use crate::store::sign_in::ClientKind;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn with_clients(lines: &str) -> String {
    format!("{}\n[tenants.acme.clients]\n{lines}\n", whole())
}

#[test]
fn clients_have_a_day_a_week_and_a_quarter() {
    let config = load(&whole()).unwrap();
    let acme = &config.tenants["acme"];
    let usual = IdleAfter {
        hidden: DAY,
        closed: 7 * DAY,
        deleted: 90 * DAY,
    };
    assert_eq!(acme.clients.idle, usual);
    assert_eq!(acme.users["mia"].kind, ClientKind::Personal);
    let config = load(&with_clients(
        "hidden_after = \"2h\"\ndeleted_after = \"400 days\"",
    ))
    .unwrap();
    let idle = config.tenants["acme"].clients.idle;
    assert_eq!(idle.hidden, Duration::from_secs(2 * 60 * 60));
    assert_eq!((idle.closed, idle.deleted), (7 * DAY, 400 * DAY));
}

#[test]
fn wrong_times_and_kinds_are_said_with_an_example() {
    for (lines, complaint) in [
        (
            "hidden_after = \"8 days\"",
            "tenants.acme.clients: a client is hidden no later than closed, and closed no later than deleted; such as { hidden_after = \"1 day\", closed_after = \"7 days\", deleted_after = \"90 days\" }",
        ),
        (
            "closed_after = 7",
            "tenants.acme.clients.closed_after: a length of time in quotes from 5 minutes to 3650 days is expected, such as \"7 days\"",
        ),
        (
            "close_after = \"7 days\"",
            "tenants.acme.clients.close_after: there is no such key; did you mean closed_after?",
        ),
    ] {
        let errors = complaints(&with_clients(lines));
        assert!(errors.contains(complaint), "{errors}");
    }
    let token = test_hash("robot");
    let text = format!(
        "{}\n[tenants.acme.users.robot]\ntoken = \"{token}\"\nkind = ",
        whole()
    );
    let config = load(&format!("{text}\"service\"")).unwrap();
    assert_eq!(
        config.tenants["acme"].users["robot"].kind,
        ClientKind::Service
    );
    let errors = complaints(&format!("{text}\"robot\""));
    let complaint = "tenants.acme.users.robot.kind: \"robot\" is not known; known are \"personal\", \"shared\" and \"service\"";
    assert!(errors.contains(complaint), "{errors}");
}
