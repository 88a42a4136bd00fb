//! The index of a tenant, and its schedule.

use super::*;

/// A file with these lines at its end.
fn and(lines: &str) -> String {
    format!("{}\n{lines}", whole())
}

#[test]
fn an_index_is_in_memory_unless_the_file_says_otherwise() {
    let index = |lines: &str| load(&and(lines)).unwrap().tenants["acme"].index.clone();
    let memory = index("");
    assert_eq!(memory.keep, IndexPlace::Memory);
    assert_eq!(memory.max_bytes, 32 << 20);
    assert_eq!(memory.max_age, Duration::from_secs(30 * 86_400));
    let off = index("[tenants.acme.index]\nkeep = \"off\"");
    assert_eq!(off.keep, IndexPlace::Off);
    let disk = index(
        "[tenants.acme.index]\nkeep = \"disk\"\nmax_bytes = \"1 GiB\"\nkey = \"env:K\"\n\
         previous_key = \"file:before\"",
    );
    assert_eq!(
        disk.keep,
        IndexPlace::Disk {
            key: SecretRef::Env("K".to_owned()),
            previous_key: Some(SecretRef::File("/etc/gong/before".into())),
        }
    );
    assert_eq!(disk.max_bytes, 1 << 30);
    assert_eq!(
        load(&whole()).unwrap().index,
        Path::new("/etc/gong/state/gateway.db.index")
    );
}

#[test]
fn what_is_wrong_with_an_index_is_said() {
    let said = |lines: &str| complaints(&and(&format!("[tenants.acme.index]\n{lines}")));
    for (lines, expected) in [
        (
            "keep = \"disk\"",
            "tenants.acme.index.key: it is missing; such as \"env:ACME_INDEX_KEY\", which an index on disk is encrypted with",
        ),
        (
            "key = \"env:K\"",
            "tenants.acme.index.key: only an index on disk is encrypted; keep = \"disk\", or leave the key out",
        ),
        (
            "keep = \"redis\"",
            "tenants.acme.index.keep: \"redis\" is not known; known are \"off\", \"memory\" and \"disk\"",
        ),
        (
            "max_bytes = \"1 B\"",
            "tenants.acme.index.max_bytes: a size in quotes from 64 KiB to 64 GiB is expected, such as \"32 MiB\"",
        ),
        (
            "max_age = \"1s\"",
            "tenants.acme.index.max_age: a length of time in quotes from 1 hour to 366 days is expected, such as \"30 days\"",
        ),
    ] {
        let said = said(lines);
        assert!(said.ends_with(expected), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let secret = "0f".repeat(32);
    let plain = said(&format!("keep = \"disk\"\nkey = \"{secret}\""));
    assert!(
        plain.contains("tenants.acme.index.key: a reference") && !plain.contains(&secret),
        "{plain}"
    );
}

#[test]
fn tools_are_on_a_schedule() {
    let lines = "[[tenants.acme.schedule]]\ntool = \"gong_sync_calls\"\nevery = \"15m\"\n\
                 arguments = { from = \"180d\", limit = 1_000, ratio = 0.5, deep = { on = [true] }, day = 2026-11-24 }\n\
                 [[tenants.acme.schedule]]\ntool = \"gong_list_users\"\nevery = \"1 day\"";
    let acme = load(&and(lines)).unwrap().tenants["acme"].clone();
    let expected = serde_json::json!({
        "from": "180d", "limit": 1000, "ratio": 0.5, "deep": { "on": [true] }, "day": "2026-11-24"
    });
    assert_eq!(
        serde_json::Value::Object(acme.schedule[0].arguments.clone()),
        expected
    );
    assert_eq!(acme.schedule[0].every, Duration::from_secs(900));
    assert!(acme.schedule[1].arguments.is_empty());
    assert_eq!(acme.schedule_requests_per_day, 400, "a fifth of 2,000");

    let said = complaints(&and(
        "[[tenants.acme.schedule]]\ntool = \"x\"\nevry = \"15m\"",
    ));
    assert!(
        said.contains("every: it is missing; such as \"15m\"")
            && said.contains("did you mean every?"),
        "{said}"
    );
    let said = complaints(&and(
        "[[tenants.acme.schedule]]\ntool = \"x\"\nevery = \"0s\"\narguments = \"{}\"",
    ));
    assert!(
        said.contains("from 1 second to 30 days")
            && said.contains("arguments: a table is expected"),
        "{said}"
    );
    let one = "[[tenants.acme.schedule]]\ntool = \"x\"\nevery = \"1h\"\n";
    let said = complaints(&and(&one.repeat(21)));
    assert!(said.contains("at most 20 tools"), "{said}");
}

#[test]
fn nobody_has_the_name_of_the_schedule() {
    let user = format!("[tenants.acme.users.schedule]\ntoken = \"{}\"", hash(9));
    let said = complaints(&and(&user));
    assert!(
        said.contains("tenants.acme.users.schedule: calls on the schedule are made in the name of"),
        "{said}"
    );
}
