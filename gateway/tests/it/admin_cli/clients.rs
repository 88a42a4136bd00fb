//! The commands on AI clients, sign-ins and the switches of clients and users.

use gateway::store::sign_in::{ClientKind, ClientRefusal, ClientUses, Registration, UsedClient};
use serde_json::Value;

use super::*;

/// A client with the sign-ins of two people, and a program with mia's token.
fn clients(folder: &Folder) -> Store {
    let store = store(folder);
    let file = rusqlite::Connection::open(folder.0.join("gateway.db")).expect("the state file");
    let later = i64::MAX / 1_000_000;
    file.execute_batch(&format!(
        r#"INSERT INTO sign_in_users (id, tenant, issuer, subject, name, groups, first_at, last_at)
             VALUES (1, 'acme', 'i', 'olga', 'olga@acme.example', '[]', 0, 0),
                    (2, 'acme', 'i', 'pia', 'pia@acme.example', '[]', 0, 0);
           INSERT INTO sign_in_clients (tenant, id, registration, kind, name, publisher,
             redirect_uris, registered_at, first_used_at, last_used_at) VALUES ('acme',
             'https://claude.ai/client', 'document', 'shared', 'Claude', 'claude.ai',
             '["https://claude.ai/cb", "http://localhost/cb"]', 1795514400000, 1795514400000,
             1795514400000);
           INSERT INTO sign_in_grants (id, tenant, client, user, resource, scopes, begun_at, used_at,
             confirmed_at, ends_at) VALUES
             ('one', 'acme', 'https://claude.ai/client', 1, 'r', 'tools:read tools:write',
              1795514400000, 1795514400000, 1795514400000, {later}),
             ('two', 'acme', 'https://claude.ai/client', 2, 'r', 'tools:read',
              1795514400000, 1795514400000, 1795514400000, {later});"#
    ))
    .expect("they are there");
    let mut uses = ClientUses::default();
    let program = UsedClient::Program {
        id: "token:mia:robot".to_owned(),
        name: "robot".to_owned(),
        user: "mia".to_owned(),
        kind: ClientKind::Personal,
    };
    let now = "2026-11-24T10:00:00Z".parse().expect("a time");
    uses.used.insert(("acme".to_owned(), program), now);
    let refusal = ClientRefusal {
        registration: Registration::Document,
        name: "https://evil.example/client".to_owned(),
        reason: "AI clients of evil.example are not admitted here.".to_owned(),
    };
    uses.refused.insert(("acme".to_owned(), refusal), (3, now));
    store.store_client_uses(&uses).expect("it is written");
    store
}

#[test]
fn clients_are_listed_changed_and_removed() {
    let folder = Folder::new();
    let store = clients(&folder);
    let acme = |arguments: &[&str]| printed(&folder, &[&["--tenant", "acme"], arguments].concat());
    shows(
        &acme(&["clients"]),
        r#"
 Client                     Publisher   Answered at     Known by   Kind       Owner   First used         Last used          Sign-ins   State
──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
 Claude                     claude.ai   claude.ai       document   shared             2026-11-24 10:00   2026-11-24 10:00          2   active
 https://claude.ai/client               this computer
 robot                                                  token      personal   mia     2026-11-24 10:00   2026-11-24 10:00          0   active
 token:mia:robot
"#,
    );
    shows(
        &acme(&["clients", "refused"]),
        r#"
 Client                        Known by   Times   First              Last               Why
──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
 https://evil.example/client   document       3   2026-11-24 10:00   2026-11-24 10:00   AI clients of evil.example are not admitted here.
"#,
    );
    let set = |arguments: &[&str]| {
        let all = [&["--tenant", "acme", "clients", "set"], arguments].concat();
        admin(&folder, &all)
    };
    assert!(
        set(&[
            "token:mia:robot",
            "--kind",
            "service",
            "--owner",
            "tom",
            "--closed-after",
            "30d"
        ])
        .status
        .success()
    );
    let robot = || {
        let client = store.sign_in_client("acme", "token:mia:robot");
        client.expect("it is read").expect("it is there")
    };
    assert_eq!(
        (robot().kind, robot().owner.as_deref()),
        (ClientKind::Service, Some("tom"))
    );
    assert_eq!(
        robot().idle.closed,
        Some(std::time::Duration::from_secs(30 * 86_400))
    );
    assert!(
        set(&["token:mia:robot", "--deleted-after", "365d"])
            .status
            .success()
    );
    assert!(robot().idle.closed.is_some() && robot().idle.deleted.is_some());
    let rows = json_of(&folder, &["--tenant", "acme", "clients", "--owner", "tom"]);
    assert_eq!(rows[0]["closed_after_ms"], 30 * 86_400_000_i64);
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
    for (arguments, why) in [
        (
            &["nothing", "--kind", "shared"][..],
            "there is no client \"nothing\"",
        ),
        (
            &["token:mia:robot", "--owner", "nobody"],
            "there is no user \"nobody\"",
        ),
        (
            &["token:mia:robot"],
            "say what to change, such as --kind shared",
        ),
        (
            &["token:mia:robot", "--kind", "private"],
            "known are personal, shared, service",
        ),
        (
            &["token:mia:robot", "--hidden-after", "40d"],
            "no later than closed",
        ),
        (
            &["token:mia:robot", "--hidden-after", "soon"],
            "such as 12h, 30d or 1 week",
        ),
    ] {
        let output = set(arguments);
        assert!(
            !output.status.success() && errors(&output).contains(why),
            "{}",
            errors(&output)
        );
    }
    assert!(set(&["token:mia:robot", "--usual-times"]).status.success());
    assert_eq!(robot().idle, Default::default());
    shows(
        &acme(&["clients", "remove", "token:mia:robot"]),
        "Client token:mia:robot is removed, and its sign-ins have ended.",
    );
    let acts = json_of(&folder, &["audit", "--acts", "--limit", "5"]);
    let acts = acts.as_array().expect("rows").iter();
    let acts: Vec<&str> = acts.filter_map(|act| act["act"].as_str()).collect();
    assert_eq!(
        acts[..4],
        [
            "remove-client",
            "change-client",
            "change-client",
            "change-client"
        ]
    );
}

#[test]
fn sign_ins_are_listed_and_revoked_and_clients_and_users_stopped() {
    let folder = Folder::new();
    let store = clients(&folder);
    let acme = |arguments: &[&str]| printed(&folder, &[&["--tenant", "acme"], arguments].concat());
    let listed = acme(&["connections", "--user", "olga@acme.example"]);
    assert!(
        listed.contains("tools:write") && listed.contains("one"),
        "{listed}"
    );
    assert!(!listed.contains("pia"), "{listed}");
    shows(
        &acme(&["revoke", "--connection", "one"]),
        "1 sign-in has ended.",
    );
    let twice = refused(
        &folder,
        &["--tenant", "acme", "revoke", "--connection", "one"],
    );
    assert!(
        twice.contains("`gong-gateway admin connections` lists them"),
        "{twice}"
    );
    let nothing = refused(&folder, &["--tenant", "acme", "revoke"]);
    assert!(nothing.contains("--connection"), "{nothing}");
    shows(
        &acme(&[
            "revoke",
            "--client",
            "https://claude.ai/client",
            "--user",
            "olga@acme.example",
        ]),
        "0 sign-ins have ended.",
    );
    shows(&acme(&["revoke", "--all"]), "1 sign-in has ended.");
    shows(&acme(&["connections"]), "Nobody has signed in.");
    shows(
        &acme(&["off", "--client", "token:mia:robot", "--reason", "it loops"]),
        "Switched off: client token:mia:robot of tenant acme.",
    );
    shows(
        &acme(&["off", "--user", "mia", "--reason", "lost laptop"]),
        "Switched off: user mia of tenant acme.",
    );
    shows(
        &acme(&["switches"]),
        r#"
 Off                                     Since              By      Reason
────────────────────────────────────────────────────────────────────────────────
 client token:mia:robot of tenant acme   2026-11-24 10:00   grace   it loops
 user mia of tenant acme                 2026-11-24 10:00   grace   lost laptop
"#,
    );
    let explained = acme(&["explain", "--user", "mia", "search_calls"]);
    assert!(
        explained.contains("User mia is switched off"),
        "{explained}"
    );
    let clients: Value = json_of(&folder, &["--tenant", "acme", "clients", "--all"]);
    assert!(
        clients.to_string().contains("\"off\":\"it loops\""),
        "{clients}"
    );
    acme(&["on", "--user", "mia"]);
    // What is gone can still be switched on.
    store
        .remove_client(&support::ada(), "acme", "token:mia:robot", Timestamp::now())
        .expect("gone");
    acme(&["on", "--client", "token:mia:robot"]);
    let unknown = refused(
        &folder,
        &["--tenant", "acme", "off", "--user", "tmo", "--reason", "x"],
    );
    assert!(
        unknown.contains("there are: mia, tom, olga@acme.example"),
        "{unknown}"
    );
    assert!(store.switches().expect("a list").is_empty());
}

#[test]
fn kinds_of_clients_are_allowed_and_explained() {
    let folder = Folder::new();
    store(&folder);
    let acme = |arguments: &[&str]| printed(&folder, &[&["--tenant", "acme"], arguments].concat());
    acme(&["approve", "--all"]);
    shows(
        &acme(&["kinds", "set", "personal,shared"]),
        "Clients of acme that may call any tool: personal, shared.",
    );
    acme(&["kinds", "set", "personal", "--tool", "search_calls"]);
    shows(
        &acme(&["kinds"]),
        r#"
 What               Kinds of clients that may call it
──────────────────────────────────────────────────────
 any tool of acme   personal, shared
 search_calls       personal
"#,
    );
    let explain = |kind: &str| acme(&["explain", "--user", "mia", "--kind", kind, "search_calls"]);
    assert!(explain("personal").contains("mia may call search_calls."));
    let shared = explain("shared");
    assert!(
        shared.contains("search_calls may be called by AI clients of kind personal only"),
        "{shared}"
    );
    let service = explain("service");
    assert!(
        service.contains("(client-kind)") && service.contains("Tools of acme"),
        "{service}"
    );
    shows(
        &acme(&["kinds", "reset", "--tool", "search_calls"]),
        "Clients of acme that may call search_calls: personal, shared, service.",
    );
    assert!(explain("shared").contains("mia may call search_calls."));
    let unknown = refused(
        &folder,
        &[
            "--tenant",
            "acme",
            "kinds",
            "set",
            "personal",
            "--tool",
            "serch_calls",
        ],
    );
    assert!(unknown.contains("did you mean search_calls?"), "{unknown}");
    let unknown = refused(&folder, &["--tenant", "acme", "kinds", "set", "robots"]);
    assert!(
        unknown.contains("known are personal, shared, service"),
        "{unknown}"
    );
}

#[test]
fn people_are_listed_and_removed_and_the_audit_shows_their_client() {
    let folder = Folder::new();
    let store = clients(&folder);
    let acme = |arguments: &[&str]| printed(&folder, &[&["--tenant", "acme"], arguments].concat());
    let file = rusqlite::Connection::open(folder.0.join("gateway.db")).expect("the state file");
    file.execute_batch(
        "UPDATE sign_in_users SET first_at = 1795514400000, last_at = 1795514400000",
    )
    .expect("it is changed");
    shows(
        &acme(&["people"]),
        r#"
 Person              Groups   Profiles   First sign-in      Last sign-in       Sign-ins   State
────────────────────────────────────────────────────────────────────────────────────────────────
 olga@acme.example            none       2026-11-24 10:00   2026-11-24 10:00          1   on
 pia@acme.example             none       2026-11-24 10:00   2026-11-24 10:00          1   on
"#,
    );
    shows(
        &acme(&["people", "remove", "pia@acme.example"]),
        "pia@acme.example is removed, and their sign-ins have ended.",
    );
    let declared = refused(&folder, &["--tenant", "acme", "people", "remove", "mia"]);
    assert!(
        declared.contains("there is no person \"mia\""),
        "{declared}"
    );
    let mut row = call("request-1", "search_calls", Timestamp::now());
    row.start.user = "olga@acme.example".to_owned();
    row.start.sign_in = Some("one".to_owned());
    row.start.client_id = Some("https://claude.ai/client".to_owned());
    store
        .audit_writer()
        .finish(row)
        .wait()
        .expect("it is written");
    store
        .audit_writer()
        .finish(call("request-2", "search_calls", Timestamp::now()))
        .wait()
        .expect("it is written");
    let shown = acme(&["audit", "--client", "https://claude.ai/client"]);
    assert!(
        shown.contains("sign-in one") && shown.contains("client https://claude.ai/client"),
        "{shown}"
    );
    assert!(!shown.contains("mia "), "{shown}");
    assert!(acme(&["audit", "--client", "nothing"]).contains("Nothing fits."));
}
