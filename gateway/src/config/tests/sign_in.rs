//! Signing in with the company's account.

use super::*;
use crate::config::sign_in::{ClientRules, Lifetimes};

const SIGN_IN: &str = r#"
[tenants.acme.sign_in]
issuer = "https://login.acme.example"
client_id = "gong-gateway"
client_secret = "env:ACME_OIDC_SECRET"
key = "file:secrets/sign-in"
"#;

/// The whole file with a sign-in, and `lines` in the table of that.
fn signing_in(lines: &str) -> String {
    let public = "connections = 1000\npublic_url = \"https://Gong.acme.example:8443\"";
    let text = with("connections = 1000", public);
    format!("{text}{SIGN_IN}{lines}\n")
}

#[test]
fn little_is_needed_and_the_rest_has_defaults() {
    let config = load(&signing_in("")).unwrap();
    assert_eq!(
        config.listen.public_url.as_deref(),
        Some("https://gong.acme.example:8443")
    );
    // Requests may be addressed to it.
    assert!(
        config
            .listen
            .hosts
            .contains(&"gong.acme.example:8443".to_owned())
    );
    let acme = &config.tenants["acme"];
    let sign_in = acme.sign_in.as_ref().unwrap();
    assert_eq!(sign_in.client.scopes, ["openid", "profile", "email"]);
    assert_eq!(
        (&*sign_in.people.email_claim, &*sign_in.people.groups_claim),
        ("email", "groups")
    );
    assert_eq!(sign_in.clients, ClientRules::default());
    assert_eq!(sign_in.lifetimes, Lifetimes::default());
    assert_eq!(sign_in.static_tokens_path, "/t/acme/token/mcp");
    // Whoever signs in is not alone, whatever the file says.
    assert_eq!(acme.user_requests_per_day, 1_000);
}

#[test]
fn what_groups_give_and_what_clients_may() {
    let config = load(&signing_in(
        r#"
allowed_domains = ["Acme.example"]
profiles = ["analysts"]
claims = { groups = "roles" }
prompt = "consent"
clients = { hosts = ["claude.ai"], redirects = ["loopback", "https://chatgpt.com/connector/oauth/*"], dcr = false }
lifetimes = { access = "5m", unconfirmed = "1h" }
static_tokens = { path = "/t/acme/programs" }
[tenants.acme.sign_in.groups."8c4f-admins"]
administrator = true
[tenants.acme.sign_in.groups."Gong readers"]
profiles = ["analysts"]
"#,
    ))
    .unwrap();
    let sign_in = config.tenants["acme"].sign_in.clone().unwrap();
    assert!(sign_in.people.allowed_domains.contains("acme.example"));
    assert!(sign_in.people.groups["8c4f-admins"].administrator);
    assert!(
        sign_in.people.groups["Gong readers"]
            .profiles
            .contains("analysts")
    );
    assert!(!sign_in.clients.dcr && sign_in.clients.redirects.len() == 2);
    assert_eq!(sign_in.people.groups_claim, "roles");
    assert_eq!(sign_in.client.prompt.as_deref(), Some("consent"));
    assert_eq!(sign_in.static_tokens_path, "/t/acme/programs");
    assert_eq!(sign_in.lifetimes.access, Duration::from_secs(300));
}

#[test]
fn what_is_wrong_is_said_with_an_example() {
    for (lines, complaint) in [
        (
            "lifetimes = { grant = \"30 days\", person = \"29 days\" }",
            "tenants.acme.sign_in.lifetimes: person lasts no shorter than grant, as nobody is deleted who may be signed in; such as { grant = \"30 days\", person = \"90 days\" }",
        ),
        (
            "profiles = [\"analyst\"]",
            "there is no profile \"analyst\"; did you mean \"analysts\"?",
        ),
        ("groups = { sales = {} }", "it gives nothing; such as"),
        (
            "groups = { sales = { profiles = [\"x\"] } }",
            "there is no profile \"x\"",
        ),
        (
            "scopes = [\"email\"]",
            "without \"openid\" the provider does not say who signs in",
        ),
        (
            "prompt = \"none\"",
            "\"none\" is not known; known are \"consent\"",
        ),
        (
            "allowed_domains = [\"@acme.example\"]",
            "is no domain of e-mail addresses",
        ),
        (
            "clients = { hosts = [\"https://claude.ai\"] }",
            "is no host name; such as \"claude.ai\"",
        ),
        (
            "clients = { redirects = [\"https://claude.ai/*/x*\"] }",
            "* stands for one segment",
        ),
        (
            "clients = { redirects = [\"javascript:alert(1)\"] }",
            "this scheme is never answered to",
        ),
        ("clients = { dcr = \"no\" }", "true or false without quotes"),
        (
            "lifetimes = { access = \"30 days\" }",
            "from 1 minute to 1 day is expected",
        ),
        (
            "lifetimes = { access = \"1h\", refresh = \"30m\" }",
            "access lasts no longer than refresh",
        ),
        (
            "static_tokens = { path = \"/t/acme/mcp\" }",
            "a path of the tenant's own is expected",
        ),
        (
            "static_tokens = { path = \"/t/globex/token\" }",
            "a path of the tenant's own is expected",
        ),
        (
            "static_tokens = { path = \"/t/acme/oauth/token\" }",
            "a path of the tenant's own is expected",
        ),
        ("group = 1", "there is no such key; did you mean groups?"),
    ] {
        let found = complaints(&signing_in(lines));
        assert!(found.contains(complaint), "{lines}: {found}");
        assert!(found.contains("tenants.acme.sign_in"), "{lines}: {found}");
    }
    let replaced = |line: &str, other: &str| complaints(&signing_in("").replacen(line, other, 1));
    for (line, other, complaint) in [
        (
            "key = \"file:secrets/sign-in\"",
            "",
            "sign_in.key: it is missing; such as \"env:ACME_SIGN_IN_KEY\"",
        ),
        (
            "env:ACME_OIDC_SECRET",
            "hunter2",
            "the secret itself must not be in this file",
        ),
        (
            "https://login.acme.example",
            "http://login.acme.example",
            "it must begin with https://",
        ),
        (
            "https://login.acme.example",
            "https://login.microsoftonline.com/common/v2.0",
            "common is any company",
        ),
        (
            "https://login.acme.example",
            "https://accounts.google.com",
            "allowed_domains: it is missing",
        ),
        (
            "public_url = \"https://Gong.acme.example:8443\"",
            "",
            "signing in needs the address",
        ),
        (
            "https://Gong.acme.example:8443",
            "http://gong.acme.example",
            "listen.public_url: it must begin with https://",
        ),
        (
            "https://Gong.acme.example:8443",
            "https://gong.acme.example/mcp",
            "it must end after the host",
        ),
    ] {
        let found = replaced(line, other);
        assert!(found.contains(complaint), "{other}: {found}");
        assert!(!found.contains("hunter2"), "{found}");
    }
}

const RESOURCE_SERVER: &str = r#"
[tenants.acme.resource_server]
issuer = "https://login.acme.example"
"#;

fn resource_server(lines: &str) -> String {
    signing_in("").replacen(SIGN_IN, RESOURCE_SERVER, 1) + lines
}

#[test]
fn a_resource_server_needs_an_issuer_and_no_client() {
    let config = load(&resource_server("")).unwrap();
    let acme = &config.tenants["acme"];
    let server = acme.resource_server.as_ref().unwrap();
    assert_eq!((server.audience.as_ref(), server.scopes.len()), (None, 5));
    assert!(server.algorithms.contains(&"RS256".to_owned()));
    assert!(
        !server
            .algorithms
            .iter()
            .any(|name| name.starts_with("HS") || name == "none")
    );
    assert_eq!(acme.static_tokens_path(), Some("/t/acme/token/mcp"));
    assert!(!acme.has_administrators());
    for (lines, complaint) in [
        (
            "algorithms = [\"HS256\"]",
            "\"HS256\" is no algorithm with a public key that is known; known are RS256",
        ),
        (
            "algorithms = [\"none\"]",
            "is no algorithm with a public key",
        ),
        ("algorithms = []", "no token could be accepted"),
        ("audience = \" \"", "a text in quotes is expected"),
        ("scopes = {}", "no tool could be called"),
        (
            "scopes = { read = [\"reed\"] }",
            "\"reed\" is not known; known are read",
        ),
        ("scopes = { \"a b\" = [\"read\"] }", "can be no scope"),
        ("client_id = \"x\"", "there is no such key"),
        (
            "groups = { sales = { profiles = [\"x\"] } }",
            "there is no profile \"x\"",
        ),
    ] {
        let found = complaints(&resource_server(lines));
        assert!(found.contains(complaint), "{lines}: {found}");
        assert!(found.contains("tenants.acme.resource_server"), "{found}");
    }
    let both = complaints(&format!("{}{RESOURCE_SERVER}", signing_in("")));
    assert!(both.contains("the tenant has sign_in already"), "{both}");
}

#[test]
fn administrators_of_the_gateway_sign_in_elsewhere() {
    let table = |lines: &str| {
        let own = "[administrators.sign_in]\nissuer = \"https://login.ops.example\"\nclient_id = \"x\"\n\
                   client_secret = \"env:OPS_SECRET\"\n";
        signing_in("").replacen(
            "[tenants.acme.sign_in]",
            &format!("{own}{lines}\n[tenants.acme.sign_in]"),
            1,
        )
    };
    let config = load(&table("groups = [\"platform\"]")).unwrap();
    assert!(config.administrators.local);
    let rules = config.administrators_of("").unwrap();
    assert!(rules.groups["platform"].administrator);
    assert_eq!(config.administrated().collect::<Vec<_>>(), [""]);
    assert!(
        config.administrators_of("acme").is_none(),
        "no group of acme makes one"
    );
    for (lines, complaint) in [
        (
            "",
            "administrators.sign_in.groups: it is missing; such as [\"gong-platform\"]",
        ),
        ("groups = []", "without a group nobody is an administrator"),
        ("groups = [\"x\"]\nkey = \"env:X\"", "there is no such key"),
    ] {
        let found = complaints(&table(lines));
        assert!(found.contains(complaint), "{lines}: {found}");
    }
    let found = complaints(&format!(
        "{}[administrators]\nlocal = 0\nrecheck = \"1s\"\n",
        signing_in("")
    ));
    assert!(
        found.contains("administrators.local: true or false"),
        "{found}"
    );
    assert!(
        found.contains("from 1 minute to 8 hours is expected"),
        "{found}"
    );
}
