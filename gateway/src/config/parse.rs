//! What each key of `gateway.toml` takes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use sandbox::Limits;

use super::read::{Document, Table, Value, alike};
use super::{
    Admin, Audit, Complaints, Config, Credentials, Listen, Profile, Review, SecretRef, Tenant, Tls,
    TokenHash, User, check_name, check_toolset, is_automatic,
};

const TOKEN: &str = "\"sha256:…\" (see `gong-gateway token`)";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Whose token a hash is. Two of one hash could not be told apart.
type Tokens = BTreeMap<TokenHash, String>;

/// Reads the whole file.
pub(super) fn config(file: &str, text: &str, folder: &Path) -> Result<Config, Complaints> {
    let document = Document::new(file, text);
    let parsed = document.parse()?;
    let mut root = Table::root(&document, &parsed);
    let mut tokens = Tokens::new();

    let path = |value: Value<'_, '_>, example| value.text(example).map(|text| folder.join(text));
    let state = root.get("state").and_then(|v| path(v, "gateway.db"));
    let cache = root.get("cache").and_then(|v| path(v, "cache"));
    let component = root.get("component").and_then(|v| path(v, "gong-mcp.wasm"));
    let ca = root.get("ca").and_then(|v| path(v, "ca.pem"));
    let stand_in = root.get("stand_in").and_then(|v| v.boolean());
    let stand_in = stand_in.unwrap_or(false);
    let listen = root
        .get("listen")
        .and_then(|v| v.table("[listen] with address = \"127.0.0.1:8080\""));
    let listen = listen.map_or_else(default_listen, |table| self::listen(table, folder));
    let limits = root
        .get("limits")
        .and_then(|v| v.table("[limits] with memory = \"64 MiB\""));
    let limits = limits.map_or_else(Limits::default, self::limits);
    let audit = root
        .get("audit")
        .and_then(|v| v.table("[audit] with keep = \"90 days\""));
    let audit = audit.map_or(Audit { keep: 90 * DAY }, self::audit);
    let admins = root
        .get("admins")
        .and_then(|v| v.table("[admins.ada] with token"));
    // Checked once the tenants are known.
    let mut administered = Vec::new();
    let admins = named(admins, "[admins.ada] with token", |mut table, _| {
        let token = token(&mut table, &mut tokens);
        let tenants = table.get("tenants").map(|value| value.texts("[\"acme\"]"));
        table.finish();
        let tenants = tenants.map(|tenants| {
            let names = tenants.iter().map(|(name, _)| (*name).to_owned()).collect();
            administered.extend(tenants);
            names
        });
        Some(Admin {
            token: token?,
            tenants,
        })
    });
    let metrics_token = root
        .get("metrics_token")
        .and_then(|v| hash(&v, &mut tokens));
    let tenants = root.required("tenants", "[tenants.acme] with gong and credentials");
    let tenants = tenants.and_then(|value| {
        let table = value.table("[tenants.acme] with gong and credentials")?;
        if table.entries().next().is_none() {
            value.complain("there is no tenant; such as [tenants.acme] with gong and credentials");
        }
        Some(table)
    });
    let known: Vec<&str> = tenants
        .iter()
        .flat_map(Table::entries)
        .map(|(name, _)| name)
        .collect();
    for (name, value) in administered {
        if !known.contains(&name) {
            value.complain(match alike(name, known.iter().copied()) {
                Some(likely) => format!("there is no tenant {name:?}; did you mean {likely:?}?"),
                None => format!("there is no tenant {name:?} in this file"),
            });
        }
    }
    let tenants = named(
        tenants,
        "[tenants.acme] with gong and credentials",
        |table, _| tenant(table, folder, stand_in, &mut tokens),
    );
    root.finish();

    if document.has_complaints() {
        return Err(document.complaints());
    }
    Ok(Config {
        listen,
        state: state.unwrap_or_else(|| folder.join("gateway.db")),
        cache: cache.unwrap_or_else(|| folder.join("cache")),
        component,
        stand_in,
        ca,
        limits,
        audit,
        admins,
        metrics_token,
        tenants,
    })
}

fn default_listen() -> Listen {
    Listen {
        address: SocketAddr::from(([127, 0, 0, 1], 8080)),
        hosts: Vec::new(),
        origins: Vec::new(),
        tls: None,
    }
}

fn listen(mut table: Table<'_, '_>, folder: &Path) -> Listen {
    let mut listen = default_listen();
    if let Some(address) = table.get("address") {
        let parsed = address.text("127.0.0.1:8080").and_then(|text| {
            address.and(SocketAddr::from_str(text).map_err(|_| {
                format!(
                    "{text:?} is no address with a port, such as \"127.0.0.1:8080\" or \"[::]:443\""
                )
            }))
        });
        listen.address = parsed.unwrap_or(listen.address);
    }
    if let Some(hosts) = table.get("hosts") {
        for (host, value) in hosts.texts("[\"gong.acme.example\"]") {
            listen.hosts.extend(value.and(self::host(host)));
        }
    }
    if let Some(origins) = table.get("origins") {
        for (text, value) in origins.texts("[\"https://chat.acme.example\"]") {
            listen.origins.extend(value.and(page_origin(text)));
        }
    }
    let tls = table
        .get("tls")
        .and_then(|v| v.table("{ certificate = \"chain.pem\", key = \"key.pem\" }"));
    if let Some(mut tls) = tls {
        let certificate = tls.required("certificate", "\"chain.pem\"");
        let certificate = certificate.and_then(|v| v.text("chain.pem"));
        let key = tls
            .required("key", "\"key.pem\"")
            .and_then(|v| v.text("key.pem"));
        tls.finish();
        listen.tls = certificate.zip(key).map(|(certificate, key)| Tls {
            certificate: folder.join(certificate),
            key: folder.join(key),
        });
    }
    table.finish();
    listen
}

/// A host name with an optional port, as it stands in a `Host` header.
fn host(text: &str) -> Result<String, String> {
    let authority = text.parse::<http::uri::Authority>().ok();
    let fits = authority
        .filter(|authority| !authority.as_str().contains('@') && !authority.host().is_empty());
    fits.map(|_| text.to_ascii_lowercase()).ok_or_else(|| {
        format!(
            "{text:?} is no host name; such as \"gong.acme.example\" or \"gong.acme.example:8443\""
        )
    })
}

fn page_origin(text: &str) -> Result<String, String> {
    // The port may be a star, as for pages under development.
    let plain = text.strip_suffix(":*").unwrap_or(text);
    match origin(plain) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!(
            "{text:?} is no origin of a web page: scheme and host without a path, such as \"https://chat.acme.example\""
        )),
    }
}

fn limits(mut table: Table<'_, '_>) -> Limits {
    let mut limits = Limits::default();
    let memory = table
        .get("memory")
        .and_then(|v| v.bytes(1 << 20..=4 << 30, "64 MiB"));
    if let Some(memory) = memory {
        limits.memory = usize::try_from(memory).unwrap_or(usize::MAX);
    }
    let seconds = Duration::from_secs;
    let cpu = table
        .get("cpu")
        .and_then(|v| v.duration(Duration::from_millis(10)..=seconds(600), "5s"));
    limits.cpu = cpu.unwrap_or(limits.cpu);
    let wall_time = table
        .get("wall_time")
        .and_then(|v| v.duration(seconds(1)..=seconds(3600), "60s"));
    limits.wall_time = wall_time.unwrap_or(limits.wall_time);
    let response_bytes = table
        .get("response_bytes")
        .and_then(|v| v.bytes(1 << 10..=1 << 30, "16 MiB"));
    limits.response_bytes = response_bytes.unwrap_or(limits.response_bytes);
    let requests = table
        .get("requests")
        .and_then(|v| v.number(1..=10_000, 200));
    limits.requests = requests.unwrap_or(limits.requests);
    table.finish();
    limits
}

fn audit(mut table: Table<'_, '_>) -> Audit {
    let keep = table
        .get("keep")
        .and_then(|v| v.duration(DAY..=3660 * DAY, "90 days"));
    table.finish();
    Audit {
        keep: keep.unwrap_or(90 * DAY),
    }
}

/// Everything in a table whose keys are names; `read` gives none where it has complained.
fn named<'d, 'a, T>(
    table: Option<Table<'d, 'a>>,
    example: &str,
    mut read: impl FnMut(Table<'d, 'a>, &str) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut all = BTreeMap::new();
    for (name, value) in table.iter().flat_map(Table::entries) {
        value.and(check_name(name));
        let Some(table) = value.table(example) else {
            continue;
        };
        if let Some(read) = read(table, name) {
            all.insert(name.to_owned(), read);
        }
    }
    all
}

fn token(table: &mut Table<'_, '_>, tokens: &mut Tokens) -> Option<TokenHash> {
    hash(&table.required("token", TOKEN)?, tokens)
}

fn hash(value: &Value<'_, '_>, tokens: &mut Tokens) -> Option<TokenHash> {
    let hash: TokenHash = value.and(value.text("sha256:…")?.parse::<TokenHash>())?;
    if let Some(other) = tokens.insert(hash, value.path().to_owned()) {
        value.complain(format_args!(
            "{other} has the same token; make another with `gong-gateway token`"
        ));
    }
    Some(hash)
}

fn tenant(
    mut table: Table<'_, '_>,
    folder: &Path,
    stand_in: bool,
    tokens: &mut Tokens,
) -> Option<Tenant> {
    let gong = table
        .required("gong", "\"https://acme.api.gong.io\"")
        .and_then(|value| {
            let text = value.text("https://acme.api.gong.io")?;
            value.and(self::gong(text, stand_in))
        });
    let credentials = credentials(&mut table, folder);
    let review = table.get("review").and_then(|value| {
        let text = value.text("pending")?;
        value.and(Review::from_str(text).map_err(|()| {
            format!(
                "{text:?} is not known; known are \"pending\", \"approved\" and \"approved-reads\""
            )
        }))
    });
    let mut number = |key, range, default| {
        let number = table.get(key).and_then(|v| v.number(range, default));
        number.unwrap_or(default)
    };
    let requests_per_second = number("requests_per_second", 1..=1_000, 3);
    let requests_per_day = number("requests_per_day", 1..=100_000_000, 10_000);
    let concurrent_calls = number("concurrent_calls", 1..=1_000, 8);
    let queued_calls = number("queued_calls", 0..=100_000, 64);
    let metered = table.get("metered").and_then(|v| v.boolean());
    let private_calls = table.get("private_calls").and_then(|v| v.boolean());
    let users = table
        .get("users")
        .and_then(|v| v.table("[tenants.acme.users.mia] with token"));
    let users = named(users, "{ token = \"sha256:…\" }", |mut table, _| {
        let token = token(&mut table, tokens);
        table.finish();
        Some(token.map(|token| User { token }))
    });
    let toolsets = table
        .get("toolsets")
        .and_then(|v| v.table("sales = [\"gong_search_calls\"]"));
    let toolsets = toolsets
        .map(|table| self::toolsets(&table))
        .unwrap_or_default();
    let profiles = table
        .get("profiles")
        .and_then(|v| v.table("[tenants.acme.profiles.analysts] with toolsets and users"));
    let profiles = named(
        profiles,
        "{ toolsets = [\"read-only\"], users = [\"mia\"] }",
        |table, _| Some(profile(table, &users, &toolsets)),
    );
    table.finish();
    // Users without a readable token are known above, and complained about.
    let users = users
        .into_iter()
        .filter_map(|(name, user)| Some((name, user?)))
        .collect();
    Some(Tenant {
        gong: gong?,
        credentials: credentials?,
        review: review.unwrap_or_default(),
        requests_per_second,
        requests_per_day,
        concurrent_calls,
        queued_calls,
        metered: metered.unwrap_or(false),
        private_calls: private_calls.unwrap_or(false),
        users,
        toolsets,
        profiles,
    })
}

/// The origin of a tenant's Gong, without the port where it is the scheme's own.
fn gong(text: &str, stand_in: bool) -> Result<String, String> {
    const EXAMPLE: &str = "such as \"https://acme.api.gong.io\"";
    let uri = origin(text).map_err(|why| format!("{why}; {EXAMPLE}"))?;
    let host = uri.host().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let loopback = host == "localhost" || address.is_some_and(|ip| ip.is_loopback());
    let secure = uri.scheme() == Some(&Scheme::HTTPS);
    if stand_in && loopback {
        return Ok(shown(&uri));
    }
    if loopback || address.is_some() {
        return Err(format!(
            "Gong is addressed by its name, {EXAMPLE}; loopback addresses need stand_in = true"
        ));
    }
    if !secure {
        return Err(format!("it must begin with https://, {EXAMPLE}"));
    }
    Ok(shown(&uri))
}

/// A URL of scheme, host and perhaps a port, and nothing else.
fn origin(text: &str) -> Result<Uri, &'static str> {
    let uri: Uri = text.parse().map_err(|_| "it is no URL")?;
    let scheme = uri.scheme().ok_or("it is no URL")?;
    if scheme != &Scheme::HTTPS && scheme != &Scheme::HTTP {
        return Err("it must begin with https://");
    }
    let authority = uri.authority().ok_or("it has no host")?;
    // The user part could hold a password, so the complaint does not repeat the text.
    if authority.as_str().contains('@') {
        return Err("it must not hold a user name or password");
    }
    if authority.as_str().ends_with(':') {
        return Err("it has no port after the colon");
    }
    if uri.path() != "/" || uri.query().is_some() || text.contains('#') {
        return Err("it must end after the host, without a path");
    }
    Ok(uri)
}

fn shown(uri: &Uri) -> String {
    let secure = uri.scheme() == Some(&Scheme::HTTPS);
    let (scheme, usual) = if secure { ("https", 443) } else { ("http", 80) };
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    match uri.port_u16() {
        Some(port) if port != usual => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    }
}

fn credentials(table: &mut Table<'_, '_>, folder: &Path) -> Option<Credentials> {
    const EXAMPLE: &str =
        "{ access_key = \"env:ACME_KEY\", access_key_secret = \"file:/run/secrets/acme\" }";
    let mut table = table.required("credentials", EXAMPLE)?.table(EXAMPLE)?;
    let mut reference = |key, example: &str| {
        let value = table.required(key, &format!("{example:?}"))?;
        value.and(SecretRef::parse(value.text(example)?, folder))
    };
    let access_key = reference("access_key", "env:ACME_KEY");
    let access_key_secret = reference("access_key_secret", "file:/run/secrets/acme");
    table.finish();
    Some(Credentials {
        access_key: access_key?,
        access_key_secret: access_key_secret?,
    })
}

fn toolsets(table: &Table<'_, '_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut toolsets = BTreeMap::new();
    for (name, value) in table.entries() {
        value.and(check_toolset(name));
        let tools = value.texts("[\"gong_search_calls\", \"gong_get_call\"]");
        let tools = tools.into_iter().map(|(tool, _)| tool.to_owned()).collect();
        toolsets.insert(name.to_owned(), tools);
    }
    toolsets
}

/// A profile of the file can name only what the file has: it is whole by itself.
fn profile(
    mut table: Table<'_, '_>,
    users: &BTreeMap<String, Option<User>>,
    toolsets: &BTreeMap<String, BTreeSet<String>>,
) -> Profile {
    let mut profile = Profile::default();
    if let Some(value) = table.required("toolsets", "[\"read-only\"]") {
        for (name, item) in value.texts("[\"read-only\"]") {
            if !is_automatic(name) && !toolsets.contains_key(name) {
                let likely = alike(
                    name,
                    toolsets.keys().map(String::as_str).chain(["read-only"]),
                );
                item.complain(match likely {
                    Some(likely) => format!("there is no toolset {name:?}; did you mean {likely:?}?"),
                    None => format!(
                        "there is no toolset {name:?} in this tenant's toolsets; automatic ones are \"read-only\" and such as \"component:calls\""
                    ),
                });
            }
            profile.toolsets.insert(name.to_owned());
        }
    }
    if let Some(value) = table.required("users", "[\"mia\"]") {
        for (name, item) in value.texts("[\"mia\"]") {
            if !users.contains_key(name) {
                let likely = alike(name, users.keys().map(String::as_str));
                item.complain(match likely {
                    Some(likely) => format!("there is no user {name:?}; did you mean {likely:?}?"),
                    None => format!("there is no user {name:?} in this tenant's users"),
                });
            }
            profile.users.insert(name.to_owned());
        }
    }
    table.finish();
    profile
}
