//! Changes of `gateway.toml` and of secrets, in the audit.

use super::*;

/// The details of all acts by the file, oldest first, with their tenants.
fn acts(store: &Store) -> Vec<String> {
    let filter = AuditFilter {
        kind: Some(RowKind::Act),
        limit: Some(1_000),
        ..AuditFilter::default()
    };
    let rows = store.query_audit(&filter).unwrap().into_iter().rev();
    rows.filter_map(|row| match row {
        AuditRow::Act(act) if act.via == "file" => Some(format!(
            "{} {}: {}",
            act.tenant.as_deref().unwrap_or("all"),
            act.act,
            act.detail.unwrap_or_default()
        )),
        _ => None,
    })
    .collect()
}

struct File {
    folder: Folder,
    store: Store,
}

impl File {
    fn new() -> Self {
        let folder = Folder::new();
        let store = Store::open(&folder.file()).unwrap();
        Self { folder, store }
    }

    /// Declares a file, and returns what the audit has of it.
    fn declare(&self, text: &str) -> Vec<String> {
        let before = acts(&self.store).len();
        let path = self.folder.0.join("gateway.toml");
        fs::write(&path, text).unwrap();
        let config = Config::load(&path).unwrap();
        self.store.declare(&config).unwrap();
        self.store
            .declare_secrets(&config, &mut Files::default())
            .unwrap();
        acts(&self.store).split_off(before)
    }
}

fn text(top: &str, ada: &str, acme: &str, mia: &str) -> String {
    format!(
        "{top}\n[admins.ada]\ntoken = \"{}\"\n[tenants.acme]\ngong = \"https://acme.api.gong.io\"\n\
         {acme}\nusers.mia.token = \"{}\"\n",
        TokenHash::of(ada),
        TokenHash::of(mia)
    )
}

const CREDENTIALS: &str =
    "credentials = { access_key = \"file:key\", access_key_secret = \"file:secret\" }";

fn cut(token: &str) -> String {
    let hash = TokenHash::of(token).to_string();
    format!("\"{}…\"", &hash[.."sha256:".len() + 8])
}

#[test]
fn every_change_of_the_file_is_in_the_audit_without_tokens() {
    let file = File::new();
    let first = file.declare(&text("", "a1", CREDENTIALS, "m1")).join("\n");
    assert!(first.contains(&format!("all declare: admins.ada.token: {}", cut("a1"))));
    assert!(first.contains("tenant added"), "{first}");
    assert_eq!(
        file.declare(&text("", "a1", CREDENTIALS, "m1")),
        Vec::<String>::new()
    );

    let changed = file.declare(&text(
        "component = \"other.wasm\"\naudit.keep = \"30 days\"\nlimits.requests = 50",
        "a2",
        &format!("{CREDENTIALS}\nmetered = true\nprivate_calls = true\nrequests_per_day = 20_000"),
        "m2",
    ));
    assert_eq!(
        changed,
        [
            "all lower-keep: 90 → 30 days; rows that are there keep their 90 days".to_owned(),
            format!(
                "all declare: admins.ada.token: {} → {}; audit.keep: \"30 days\"; \
                 component: \"other.wasm\"; limits.requests: 50",
                cut("a1"),
                cut("a2")
            ),
            format!(
                "acme declare: metered: true; private_calls: true; requests_per_day: 20000; \
                 users.mia.token: {} → {}",
                cut("m1"),
                cut("m2")
            ),
        ]
    );
    let back = file.declare(
        &text("", "a2", &CREDENTIALS.replace("file:key", "env:KEY"), "m2")
            .replace("acme.api", "b.api"),
    );
    assert_eq!(
        back,
        [
            "all declare: audit.keep: \"30 days\" → not set; component: \"other.wasm\" → not set; \
             limits.requests: 50 → not set",
            "acme declare: credentials.access_key: \"file:key\" → \"env:KEY\"; \
             gong: \"https://acme.api.gong.io\" → \"https://b.api.gong.io\"; \
             metered: true → not set; private_calls: true → not set; \
             requests_per_day: 20000 → not set",
        ]
    );
    // The file's owner stands beside its name.
    let rows = file.store.query_audit(&AuditFilter::default()).unwrap();
    let AuditRow::Act(act) = &rows[0] else {
        panic!("{rows:?}")
    };
    let owner = crate::os_user::owner(&file.folder.0);
    assert_eq!((&*act.actor, &act.os_user), ("gateway.toml", &owner));
    assert_eq!(file.store.verify_audit(None).unwrap().fault, None);
}

#[test]
fn other_contents_of_a_secret_are_noted_and_the_secret_is_nowhere() {
    let file = File::new();
    let secret = file.folder.0.join("secret");
    fs::write(file.folder.0.join("key"), "the-key").unwrap();
    fs::write(&secret, "the-first-secret\n").unwrap();
    file.declare(&text("", "a", CREDENTIALS, "m"));
    fs::write(&secret, "the-first-secret").unwrap();
    assert!(file.declare(&text("", "a", CREDENTIALS, "m")).is_empty());
    fs::write(&secret, "the-second-secret").unwrap();
    assert_eq!(
        file.declare(&text("", "a", CREDENTIALS, "m")),
        ["acme declare: credentials.access_key_secret: its contents changed"]
    );
    // One that can not be read for a while has not changed.
    fs::remove_file(&secret).unwrap();
    assert!(file.declare(&text("", "a", CREDENTIALS, "m")).is_empty());
    fs::write(&secret, "the-second-secret").unwrap();
    assert!(file.declare(&text("", "a", CREDENTIALS, "m")).is_empty());

    for entry in fs::read_dir(&file.folder.0).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|end| end.to_string_lossy().starts_with("db"))
        {
            let bytes = fs::read(&path).unwrap();
            let quotes = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
            assert!(
                !quotes(b"the-first-secret") && !quotes(b"the-second-secret"),
                "{path:?}"
            );
        }
    }
}
