use super::*;

mod clients;
mod index;
mod sign_in;
mod tokens;

const HASH: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn hash(n: u8) -> String {
    test_hash(&n.to_string()).to_string()
}

fn whole() -> String {
    format!(
        r#"
state = "state/gateway.db"
component = "/srv/gong-mcp.wasm"
metrics_token = "{metrics}"

[listen]
address = "[::1]:8443"
hosts = ["Gong.acme.example"]
origins = ["https://chat.acme.example", "http://localhost:*"]
tls = {{ certificate = "chain.pem", key = "key.pem" }}
connections = 1000
body_timeout = "90s"

[limits]
memory = "32 MiB"
cpu = "2500ms"
requests = 50
instances = 64

[limits.user]
requests_per_second = 5
bytes = "16 MiB"

[audit]
keep = "30 days"

[admins.ada]
token = "{ada}"

[tenants.acme]
gong = "https://ACME.api.gong.io:443/"
credentials = {{ access_key = "env:ACME_KEY", access_key_secret = "file:secrets/acme" }}
review = "approved-reads"
requests_per_day = 2_000
metered = true

[tenants.acme.users.mia]
token = "{mia}"

[tenants.acme.toolsets]
sales = ["gong_search_calls"]

[tenants.acme.profiles.analysts]
toolsets = ["sales", "read-only", "component:calls"]
users = ["mia"]
"#,
        metrics = hash(1),
        ada = hash(2),
        mia = hash(3),
    )
}

fn load(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse("gateway.toml", text, Path::new("/etc/gong"))
}

fn complaints(text: &str) -> String {
    load(text).expect_err("it should be refused").to_string()
}

/// [`whole`] with one line replaced.
fn with(line: &str, other: &str) -> String {
    let text = whole();
    assert!(text.contains(line), "{line}");
    text.replacen(line, other, 1)
}

#[test]
fn a_file_says_what_it_says_and_defaults_the_rest() {
    let config = load(&whole()).unwrap();
    assert_eq!(config.listen.address.to_string(), "[::1]:8443");
    assert_eq!(config.listen.hosts, ["gong.acme.example"]);
    let bounds = config.listen.bounds;
    assert_eq!(bounds.connections, 1000);
    assert_eq!(bounds.connections_per_address, 256);
    assert_eq!(bounds.body_timeout, Duration::from_secs(90));
    assert_eq!(bounds.request_timeout, Duration::from_secs(10));
    assert_eq!(config.limits.instances, 64);
    assert_eq!(config.user_bounds.requests_per_second, 5);
    assert_eq!(config.user_bounds.bytes, 16 << 20);
    assert_eq!(config.user_bounds.streams, 8);
    let tls = config.listen.tls.unwrap();
    assert_eq!(tls.key, Path::new("/etc/gong/key.pem"));
    assert_eq!(config.state, Path::new("/etc/gong/state/gateway.db"));
    assert_eq!(config.cache, Path::new("/etc/gong/cache"));
    assert_eq!(config.component.unwrap(), Path::new("/srv/gong-mcp.wasm"));
    assert!(!config.stand_in);
    assert_eq!(config.limits.memory, 32 << 20);
    assert_eq!(config.limits.cpu, Duration::from_millis(2500));
    assert_eq!(config.limits.requests, 50);
    assert_eq!(config.limits.wall_time, Limits::default().wall_time);
    assert_eq!(config.audit.keep.as_secs(), 30 * 86_400);
    assert!(config.admins["ada"].tokens == Tokens::from(test_hash("2")));
    assert!(config.metrics_token.unwrap().matches(&test_token("1")));
    let acme = &config.tenants["acme"];
    assert_eq!(acme.gong, "https://acme.api.gong.io");
    let secret = &acme.credentials.access_key_secret;
    assert_eq!(*secret, SecretRef::File("/etc/gong/secrets/acme".into()));
    assert_eq!(acme.review, Review::ApprovedReads);
    assert_eq!(acme.requests_per_day, 2_000);
    assert_eq!((acme.requests_per_second, acme.concurrent_calls), (3, 8));
    assert!(acme.metered && !acme.private_calls);
    assert!(acme.users["mia"].tokens == Tokens::from(test_hash("3")));
    assert!(acme.toolsets["sales"].contains("gong_search_calls"));
    assert_eq!(acme.profiles["analysts"].toolsets.len(), 3);
}

#[test]
fn the_example_is_right_and_its_defaults_are_the_defaults() {
    let example = load(include_str!("../../example.toml")).unwrap();
    let mut least = example.clone();
    let defaults = load(&format!(
        r#"[tenants.acme]
gong = "https://acme.api.gong.io"
credentials = {{ access_key = "env:A", access_key_secret = "env:B" }}
users.mia.token = "{HASH}"
users.tom.token = "{}"
"#,
        hash(1)
    ))
    .unwrap();
    least.listen.hosts.clear();
    least.admins.clear();
    let acme = least.tenants.get_mut("acme").unwrap();
    acme.credentials = defaults.tenants["acme"].credentials.clone();
    acme.users = defaults.tenants["acme"].users.clone();
    assert_eq!(acme.toolsets.len() + acme.profiles.len(), 3);
    assert_eq!(acme.schedule.len(), 1);
    acme.toolsets.clear();
    acme.profiles.clear();
    acme.schedule.clear();
    // What the two files say is not the same, but what it means.
    least.written = defaults.written.clone();
    assert_eq!(least, defaults);
}

#[test]
fn every_complaint_comes_at_once_with_line_and_key() {
    let text = r#"state = 7
stat = "x"

[listen]
address = "localhost"

[limits]
memory = "lots"
cpu = "-5s"

[tenants.Acme]
gong = "http://acme.api.gong.io"
credentials = { access_key = "AKIA-PLAIN", access_key_secret = "env:" }
review = "maybe"
request_per_second = 3
requests_per_day = 0

[tenants.Acme.users.mia]
tokens = "x"

[tenants.Acme.toolsets]
read-only = ["gong_get_call"]
sales = "gong_get_call"

[tenants.Acme.profiles.analysts]
toolsets = ["salse", "nothing"]
users = ["mias"]
"#;
    assert_eq!(
        complaints(text),
        r#"gateway.toml:1: state: a text in quotes is expected, such as "gateway.db"
gateway.toml:2: stat: there is no such key; did you mean state?
gateway.toml:5: listen.address: "localhost" is no address with a port, such as "127.0.0.1:8080" or "[::]:443"
gateway.toml:8: limits.memory: a size in quotes from 1 MiB to 4 GiB is expected, such as "64 MiB"
gateway.toml:9: limits.cpu: a length of time in quotes from 10 milliseconds to 10 minutes is expected, such as "5s"
gateway.toml:11: tenants.Acme: "Acme" is no name: names have lower-case letters, digits, and dashes between them, such as acme
gateway.toml:12: tenants.Acme.gong: it must begin with https://, such as "https://acme.api.gong.io"
gateway.toml:13: tenants.Acme.credentials.access_key: a reference to the secret is expected, such as env:ACME_KEY or file:/run/secrets/acme-key; the secret itself must not be in this file
gateway.toml:13: tenants.Acme.credentials.access_key_secret: after env: the name of an environment variable is expected, such as env:ACME_KEY
gateway.toml:14: tenants.Acme.review: "maybe" is not known; known are "pending", "approved" and "approved-reads"
gateway.toml:15: tenants.Acme.request_per_second: there is no such key; did you mean requests_per_second?
gateway.toml:16: tenants.Acme.requests_per_day: a whole number from 1 to 100000000 without quotes is expected, such as 10000
gateway.toml:19: tenants.Acme.users.mia.tokens: a list of tables is expected, such as [{ hash = "sha256:…", expires = 2027-03-31 }, { hash = "sha256:…" }]
gateway.toml:22: tenants.Acme.toolsets.read-only: toolset read-only is automatic and can not be changed; make one of your own name, such as my-read-only
gateway.toml:23: tenants.Acme.toolsets.sales: a list of texts is expected, such as ["gong_search_calls", "gong_get_call"]
gateway.toml:26: tenants.Acme.profiles.analysts.toolsets: there is no toolset "salse"; did you mean "sales"?
gateway.toml:26: tenants.Acme.profiles.analysts.toolsets: there is no toolset "nothing" in this tenant's toolsets; automatic ones are "read-only" and such as "component:calls"
gateway.toml:27: tenants.Acme.profiles.analysts.users: there is no user "mias"; did you mean "mia"?"#
    );
}

#[test]
fn what_is_no_toml_is_told_with_its_line_and_without_its_text() {
    let message = complaints("state = \"x\"\nmetrics_token = gg_secret-token-here\n");
    assert!(
        message.starts_with("gateway.toml:2: this is not TOML: "),
        "{message}"
    );
    assert!(!message.contains("secret-token"), "{message}");
}

#[test]
fn no_complaint_repeats_a_secret() {
    let plain = "gg_plain-token-or-secret";
    let gong = with(
        "https://ACME.api.gong.io:443/",
        &format!("https://user:{plain}@acme.api.gong.io"),
    );
    let key = with("env:ACME_KEY", plain);
    let token = with(&hash(3), plain);
    let number = with(&format!("\"{}\"", hash(3)), "42424242");
    for text in [gong, key, token, number] {
        let message = complaints(&text);
        assert!(
            !message.contains(plain) && !message.contains("42424242"),
            "{message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn a_token_belongs_to_one() {
    let message = complaints(&with(&hash(3), &hash(2)));
    assert!(
        message.ends_with("tenants.acme.users.mia.token: admins.ada.token has the same token; make another with `gong-gateway token`"),
        "{message}"
    );
}

#[test]
fn an_administrator_may_be_for_some_tenants() {
    let limited = |tenants: &str| {
        let token = format!("token = \"{}\"", hash(2));
        with(&token, &format!("{token}\ntenants = {tenants}"))
    };
    let config = load(&limited(r#"["acme"]"#)).unwrap();
    assert!(config.admins["ada"].manages("acme") && !config.admins["ada"].manages("globex"));
    assert!(load(&whole()).unwrap().admins["ada"].manages("globex"));
    let message = complaints(&limited(r#"["acmee"]"#));
    assert!(
        message
            .ends_with(r#"admins.ada.tenants: there is no tenant "acmee"; did you mean "acme"?"#),
        "{message}"
    );
}

#[test]
fn gong_is_a_public_https_origin_unless_a_stand_in_serves() {
    let gong = |url: &str, stand_in: bool| {
        let text = with("https://ACME.api.gong.io:443/", url);
        let config = load(&format!("stand_in = {stand_in}\n{text}"));
        config.map(|config| config.tenants["acme"].gong.clone())
    };
    assert_eq!(
        gong("https://acme.api.gong.io:8443", false).unwrap(),
        "https://acme.api.gong.io:8443"
    );
    for refused in [
        "http://acme.api.gong.io",
        "https://acme.api.gong.io/v2",
        "https://acme.api.gong.io?x=1",
        "https://acme.api.gong.io#x",
        "acme.api.gong.io",
        "ftp://acme.api.gong.io",
        "https://127.0.0.1:4000",
        "https://[::1]",
        "https://10.0.0.7",
        "https://localhost",
        "http://127.0.0.1:4000",
        "https://acme.api.gong.io:",
        "https://",
    ] {
        let message = gong(refused, false).expect_err(refused).to_string();
        assert!(message.contains("tenants.acme.gong: "), "{message}");
        assert!(message.contains("https://acme.api.gong.io"), "{message}");
    }
    assert_eq!(
        gong("http://127.0.0.1:4000", true).unwrap(),
        "http://127.0.0.1:4000"
    );
    assert_eq!(
        gong("https://localhost", true).unwrap(),
        "https://localhost"
    );
    assert!(gong("http://acme.api.gong.io", true).is_err());
    assert!(gong("https://10.0.0.7", true).is_err());
}

#[test]
fn nobody_to_serve_is_a_complaint() {
    assert_eq!(
        complaints(""),
        "gateway.toml:1: tenants: it is missing; such as [tenants.acme] with gong and credentials"
    );
    assert!(complaints("[tenants]\n").contains("there is no tenant"));
    let gone = Config::load(Path::new("/nowhere/gateway.toml")).unwrap_err();
    assert!(
        gone.to_string()
            .starts_with("/nowhere/gateway.toml: it can not be read (")
    );
}

#[test]
fn names_are_plain() {
    for good in ["acme", "acme-emea", "7", "a1-b2"] {
        check_name(good).unwrap();
    }
    for (bad, likely) in [
        ("Acme Corp.", "such as acme-corp"),
        ("-x-", "such as x"),
        ("ümlaut", "such as mlaut"),
        ("", "such as acme-emea"),
        ("a_b", "such as a-b"),
        ("../etc", "such as etc"),
    ] {
        let message = check_name(bad).unwrap_err();
        assert!(message.ends_with(likely), "{message}");
    }
    assert!(check_name(&"a".repeat(65)).is_err());
    assert!(
        check_toolset("component:calls")
            .unwrap_err()
            .contains("such as my-calls")
    );
}

#[test]
fn references_are_resolved_when_asked_and_never_shown() {
    let folder = std::env::temp_dir().join(format!("gateway-secret-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("key"), "hush-hush\r\n").unwrap();
    std::fs::write(folder.join("empty"), "\n").unwrap();
    std::fs::write(folder.join("lines"), "one\ntwo\n").unwrap();
    std::fs::write(folder.join("quoted"), "\"two\"\n").unwrap();
    let resolve = |reference: &str| {
        let reference = SecretRef::parse(reference, &folder).unwrap();
        reference.resolve(&mut Files::default())
    };
    let secret = resolve("file:key").unwrap();
    assert_eq!(secret.reveal(), "hush-hush");
    assert_eq!(format!("{secret} {secret:?}"), "… Secret(…)");
    for (reference, why) in [
        ("file:empty", "it is empty"),
        ("file:lines", "line ends"),
        ("file:quoted", "it is in quotation marks"),
        ("file:gone", "it can not be read"),
        ("env:GONG_GATEWAY_NEVER_SET", "is not set"),
    ] {
        let message = resolve(reference).unwrap_err().to_string();
        assert!(
            message.contains(why) && !message.contains("two"),
            "{message}"
        );
    }
    // Cargo sets this variable for every test.
    assert_eq!(resolve("env:CARGO_PKG_NAME").unwrap().reveal(), "gateway");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_tenant_has_a_time_zone_of_the_database() {
    let zone = |value: &str| load(&with("metered = true", &format!("time_zone = {value:?}")));
    let config = zone("america/denver").unwrap();
    assert_eq!(
        config.tenants["acme"].time_zone.as_deref(),
        Some("America/Denver")
    );
    assert_eq!(load(&whole()).unwrap().tenants["acme"].time_zone, None);
    let complaint = complaints(&with("metered = true", "time_zone = \"Denver\""));
    assert!(
        complaint.ends_with(
            "tenants.acme.time_zone: \"Denver\" is not a name of the IANA time zone database, such as \
             \"America/Denver\""
        ),
        "{complaint}"
    );
}

#[test]
fn plain_http_beyond_this_machine_needs_consent() {
    const TLS: &str = "tls = { certificate = \"chain.pem\", key = \"key.pem\" }";
    let open = |address: &str, more: &str| {
        let address = format!("address = {address:?}");
        with("address = \"[::1]:8443\"", &address).replacen(TLS, more, 1)
    };
    for address in ["0.0.0.0:8080", "[::]:8080", "192.168.1.7:8080"] {
        let said = complaints(&open(address, ""));
        assert!(
            said.starts_with("gateway.toml:7: listen.address: over plain HTTP everybody")
                && said.contains("plain_http = true"),
            "{said}"
        );
        assert!(
            load(&open(address, "plain_http = true"))
                .unwrap()
                .listen
                .plain_http
        );
        load(&open(address, TLS)).unwrap();
    }
    load(&open("127.0.0.1:8080", "")).unwrap();
    load(&open("[::1]:8080", "")).unwrap();
}

#[test]
fn one_user_of_several_has_half_of_the_day_unless_the_file_says_otherwise() {
    let user = format!("[tenants.acme.users.tom]\ntoken = \"{}\"\n", hash(4));
    let share = |text: &str| load(text).unwrap().tenants["acme"].user_requests_per_day;
    assert_eq!(share(&whole()), 2_000);
    assert_eq!(share(&format!("{}{user}", whole())), 1_000);
    let said = with("metered = true", "user_requests_per_day = 300");
    assert_eq!(share(&format!("{said}{user}")), 300);
}
