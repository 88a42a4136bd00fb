//! What each key of `gateway.toml` takes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use ipnet::IpNet;
use sandbox::Limits;
use toml::de::DeTable;

use super::document::{Document, Read, Table, Value};
use super::token::guessable;
use super::{
    Admin, Administrators, Config, ConfigErrors, Listen, ListenBounds, Tls, Token, TokenHash,
    Tokens, Written, check_name,
};
use crate::store::beside;
use crate::suggest::closest;
use crate::user_bounds::UserBounds;

mod administrators;
mod audit;
mod clients;
mod index;
mod people;
mod resource_server;
mod sign_in;
mod tenant;
mod traces;
mod url;

use tenant::{display_origin, is_loopback, tenant};

const TOKEN: &str = "\"sha256:…\" (see `gong-gateway token`)";
const TOKENS: &str = "[{ hash = \"sha256:…\", expires = 2027-03-31 }, { hash = \"sha256:…\" }]";

/// What hashes of tokens are compared with.
struct Hashes {
    /// The key that has a token's hash, to find tokens that are used twice.
    seen: BTreeMap<TokenHash, String>,
    guessable: BTreeSet<TokenHash>,
}

/// What a tenant needs of the rest of the file.
#[derive(Clone, Copy)]
struct FileSettings<'a> {
    folder: &'a Path,
    stand_in: bool,
    has_public_url: bool,
}

/// Reads the whole file. What is wrong is left out of the configuration.
pub(super) fn config(file: &str, text: &str, folder: &Path) -> (Option<Config>, ConfigErrors) {
    read(&Document::new(file, text), folder)
}

/// Reads a file, and returns what was read as what.
pub(super) fn recorded(
    file: &str,
    text: &str,
    folder: &Path,
) -> (ConfigErrors, BTreeMap<Vec<String>, Read>) {
    let document = Document::new(file, text);
    let (_, errors) = read(&document, folder);
    (errors, document.reads())
}

fn read(document: &Document<'_>, folder: &Path) -> (Option<Config>, ConfigErrors) {
    let parsed = match document.parse() {
        Ok(parsed) => parsed,
        Err(errors) => return (None, errors),
    };
    let mut root = Table::root(document, &parsed);
    let mut hashes = Hashes {
        seen: BTreeMap::new(),
        guessable: guessable(names(parsed.get_ref())),
    };

    let path = |value: Value<'_, '_>, example| value.text(example).map(|text| folder.join(text));
    let state = root.get("state").and_then(|v| path(v, "gateway.db"));
    let cache = root.get("cache").and_then(|v| path(v, "cache"));
    let index = root.get("index").and_then(|v| path(v, "gateway.db.index"));
    let component = root.get("component").and_then(|v| path(v, "gong-mcp.wasm"));
    let ca = root.get("ca").and_then(|v| path(v, "ca.pem"));
    let stand_in = root.get("stand_in").and_then(|v| v.boolean());
    let stand_in = stand_in.unwrap_or(false);
    let vpn_addresses = root.get("vpn_addresses").and_then(|v| v.boolean());
    let listen = root
        .get("listen")
        .and_then(|v| v.table("[listen] with address = \"127.0.0.1:8080\""));
    let listen = listen.map_or_else(default_listen, |table| {
        self::listen(table, folder, stand_in)
    });
    let has_public_url = listen.public_url.is_some();
    let limits = root
        .get("limits")
        .and_then(|v| v.table("[limits] with memory = \"64 MiB\""));
    let (limits, user_bounds) = limits.map_or_else(Default::default, self::limits);
    let audit = root
        .get("audit")
        .and_then(|v| v.table("[audit] with keep = \"90 days\""));
    let audit = audit.map_or_else(audit::default, |table| {
        audit::audit(table, folder, stand_in)
    });
    let traces = root
        .get("traces")
        .and_then(|v| traces::traces(v.table(traces::EXAMPLE)?, folder, stand_in));
    let admins = root
        .get("admins")
        .and_then(|v| v.table("[admins.ada] with token"));
    // These names are checked below, when the tenants are known.
    let mut administered = Vec::new();
    let admins = named(admins, "[admins.ada] with token", |mut table, _| {
        let tokens = tokens(&mut table, &mut hashes);
        let tenants = table.get("tenants").map(|value| value.texts("[\"acme\"]"));
        table.finish();
        let tenants = tenants.map(|tenants| {
            let names = tenants.iter().map(|(name, _)| (*name).to_owned()).collect();
            administered.extend(tenants);
            names
        });
        Some(Admin {
            tokens: tokens?,
            tenants,
        })
    });
    let administrators = root
        .get("administrators")
        .and_then(|v| v.table(administrators::EXAMPLE));
    let administrators = administrators.map_or_else(Administrators::default, |table| {
        administrators::administrators(table, folder, stand_in, has_public_url)
    });
    let metrics_token = root
        .get("metrics_token")
        .and_then(|v| hash(&v, &mut hashes));
    let tenants = root.required("tenants", "[tenants.acme] with gong and credentials");
    let tenants = tenants.and_then(|value| {
        let table = value.table("[tenants.acme] with gong and credentials")?;
        if table.entries().next().is_none() {
            value.error("there is no tenant; such as [tenants.acme] with gong and credentials");
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
            value.error(match closest(name, known.iter().copied()) {
                Some(likely) => format!("there is no tenant {name:?}; did you mean {likely:?}?"),
                None => format!("there is no tenant {name:?} in this file"),
            });
        }
    }
    let tenants = named(
        tenants,
        "[tenants.acme] with gong and credentials",
        |table, name| {
            let file = FileSettings {
                folder,
                stand_in,
                has_public_url,
            };
            tenant(table, name, file, &mut hashes)
        },
    );
    root.finish();

    let (file, text) = document.source();
    let state = state.unwrap_or_else(|| folder.join("gateway.db"));
    let config = Config {
        listen,
        index: index.unwrap_or_else(|| beside(&state, ".index")),
        state,
        cache: cache.unwrap_or_else(|| folder.join("cache")),
        component,
        stand_in,
        vpn_addresses: vpn_addresses.unwrap_or(false),
        ca,
        limits,
        user_bounds,
        audit,
        traces,
        admins,
        administrators,
        metrics_token,
        tenants,
        written: Written::new(file, text),
    };
    (Some(config), document.take_errors())
}

fn default_listen() -> Listen {
    Listen {
        address: SocketAddr::from(([127, 0, 0, 1], 8080)),
        hosts: Vec::new(),
        trusted_proxies: Vec::new(),
        origins: Vec::new(),
        plain_http: false,
        tls: None,
        public_url: None,
        bounds: ListenBounds::default(),
    }
}

fn listen(mut table: Table<'_, '_>, folder: &Path, stand_in: bool) -> Listen {
    let mut listen = default_listen();
    let address = table.get("address");
    if let Some(address) = &address {
        let parsed = address.text("127.0.0.1:8080").and_then(|text| {
            address.or_error(SocketAddr::from_str(text).map_err(|_| {
                format!(
                    "{text:?} is no address with a port, such as \"127.0.0.1:8080\" or \"[::]:443\""
                )
            }))
        });
        listen.address = parsed.unwrap_or(listen.address);
    }
    if let Some(hosts) = table.get("hosts") {
        for (host, value) in hosts.texts("[\"gong.acme.example\"]") {
            listen.hosts.extend(value.or_error(self::host(host)));
        }
    }
    if let Some(proxies) = table.get("trusted_proxies") {
        for (text, value) in proxies.texts("[\"10.0.0.0/8\", \"192.0.2.7\"]") {
            listen.trusted_proxies.extend(value.or_error(network(text)));
        }
    }
    if let Some(origins) = table.get("origins") {
        for (text, value) in origins.texts("[\"https://chat.acme.example\"]") {
            listen.origins.extend(value.or_error(page_origin(text)));
        }
    }
    if let Some(value) = table.get("public_url") {
        let example = "https://gong.acme.example";
        let read = value
            .text(example)
            .and_then(|text| value.or_error(public_url(text, stand_in)));
        if let Some(uri) = read {
            let host = uri
                .authority()
                .map(|host| host.as_str().to_ascii_lowercase());
            let known = |host: &String| listen.hosts.contains(host);
            listen.hosts.extend(host.filter(|host| !known(host)));
            listen.public_url = Some(display_origin(&uri));
        }
    }
    let tls = table
        .get("tls")
        .and_then(|v| v.table("{ certificate = \"chain.pem\", key = \"key.pem\" }"));
    let has_no_tls = tls.is_none();
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
    listen.bounds = listen_bounds(&mut table);
    let plain_http = table.get("plain_http").and_then(|v| v.boolean());
    listen.plain_http = plain_http.unwrap_or(false);
    if let Some(address) = address
        && has_no_tls
        && !listen.plain_http
        && !listen.address.ip().is_loopback()
    {
        address.error(
            "over plain HTTP everybody on the way can read the tokens; name a certificate, such as \
             tls = { certificate = \"chain.pem\", key = \"key.pem\" }, or, if a proxy in front \
             of the gateway does TLS, say plain_http = true",
        );
    }
    table.finish();
    listen
}

fn listen_bounds(table: &mut Table<'_, '_>) -> ListenBounds {
    let mut bounds = ListenBounds::default();
    for (key, bound, example) in [
        ("connections", &mut bounds.connections, 4096),
        (
            "connections_per_address",
            &mut bounds.connections_per_address,
            256,
        ),
    ] {
        let value = table
            .get(key)
            .and_then(|v| v.number(1..=1_000_000, example));
        *bound = value.unwrap_or(*bound);
    }
    for (key, time, example) in [
        ("request_timeout", &mut bounds.request_timeout, "10s"),
        ("idle_timeout", &mut bounds.idle_timeout, "75s"),
        ("body_timeout", &mut bounds.body_timeout, "60s"),
    ] {
        let range = Duration::from_millis(100)..=Duration::from_secs(3600);
        let value = table.get(key).and_then(|v| v.duration(range, example));
        *time = value.unwrap_or(*time);
    }
    bounds
}

/// An address or a network.
fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).map_err(|_| {
        format!("{text:?} is no address or network, such as \"192.0.2.7\" or \"10.0.0.0/8\"")
    })
}

/// A host name with an optional port, as in a `Host` header.
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

/// The gateway's own origin, as others reach it.
fn public_url(text: &str, stand_in: bool) -> Result<Uri, String> {
    const EXAMPLE: &str = "such as \"https://gong.acme.example\"";
    let uri = origin(text).map_err(|why| format!("{why}; {EXAMPLE}"))?;
    let plain = stand_in && is_loopback(&uri);
    if uri.scheme() != Some(&Scheme::HTTPS) && !plain {
        return Err(format!("it must begin with https://, {EXAMPLE}"));
    }
    Ok(uri)
}

fn page_origin(text: &str) -> Result<String, String> {
    // The port may be `*`, for pages under development.
    let plain = text.strip_suffix(":*").unwrap_or(text);
    match origin(plain) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!(
            "{text:?} is no origin of a web page: scheme and host without a path, such as \"https://chat.acme.example\""
        )),
    }
}

fn limits(mut table: Table<'_, '_>) -> (Limits, UserBounds) {
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
    let instances = table.get("instances").and_then(|v| v.number(1..=2000, 256));
    limits.instances = instances.unwrap_or(limits.instances);
    let user = table
        .get("user")
        .and_then(|v| v.table("[limits.user] with requests = 32"));
    table.finish();
    (
        limits,
        user.map_or_else(UserBounds::default, self::user_bounds),
    )
}

fn user_bounds(mut table: Table<'_, '_>) -> UserBounds {
    let mut bounds = UserBounds::default();
    for (key, bound, example) in [
        ("requests", &mut bounds.requests, 32),
        ("requests_per_second", &mut bounds.requests_per_second, 50),
        ("streams", &mut bounds.streams, 8),
    ] {
        let value = table.get(key).and_then(|v| v.number(1..=100_000, example));
        *bound = value.unwrap_or(*bound);
    }
    let bytes = table
        .get("bytes")
        .and_then(|v| v.bytes(1 << 20..=16 << 30, "32 MiB"));
    bounds.bytes = bytes.unwrap_or(bounds.bytes);
    table.finish();
    bounds
}

/// Reads every entry of a table whose keys are names. `read` returns `None` after an error.
fn named<'d, 'a, T>(
    table: Option<Table<'d, 'a>>,
    example: &str,
    mut read: impl FnMut(Table<'d, 'a>, &str) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut all = BTreeMap::new();
    for (name, value) in table.iter().flat_map(Table::entries) {
        value.or_error(check_name(name));
        let Some(table) = value.table(example) else {
            continue;
        };
        if let Some(read) = read(table, name) {
            all.insert(name.to_owned(), read);
        }
    }
    all
}

/// Names of tenants, users and administrators, which somebody might take as a token.
fn names<'d>(root: &'d DeTable<'_>) -> Vec<&'d str> {
    let mut names: Vec<&str> = tables(root, "admins").map(|(name, _)| name).collect();
    for (name, tenant) in tables(root, "tenants") {
        names.push(name);
        names.extend(tables(tenant, "users").map(|(name, _)| name));
    }
    names
}

/// The tables in the table `key`, with their names.
fn tables<'d, 'a>(
    of: &'d DeTable<'a>,
    key: &str,
) -> impl Iterator<Item = (&'d str, &'d DeTable<'a>)> {
    let table = of.get(key).and_then(|value| value.get_ref().as_table());
    let entries = table.into_iter().flat_map(|table| table.iter());
    entries.filter_map(|(name, value)| Some((&**name.get_ref(), value.get_ref().as_table()?)))
}

/// The tokens of a user or an administrator: `token` and perhaps `expires`, or `tokens`.
fn tokens(table: &mut Table<'_, '_>, hashes: &mut Hashes) -> Option<Tokens> {
    let Some(list) = table.get("tokens") else {
        let expires = table.get("expires").map(|value| value.moment());
        let Some(token) = table.get("token") else {
            table.missing("token", TOKEN);
            return None;
        };
        let hash = hash(&token, hashes);
        return Tokens::new(vec![Token {
            hash: hash?,
            // After an error the configuration is not used.
            expires: expires.flatten(),
        }]);
    };
    for key in ["token", "expires"] {
        if let Some(value) = table.get(key) {
            value.error(format_args!(
                "it can not stand beside tokens; such as tokens = {TOKENS}"
            ));
        }
    }
    let tables = list.tables(TOKENS)?;
    if tables.is_empty() {
        list.error(format_args!("there is no token in it; such as {TOKENS}"));
    }
    if tables.len() > Tokens::MAX {
        list.error(format_args!(
            "at most {} tokens are accepted at a time, the old one and the new one; such as {TOKENS}",
            Tokens::MAX
        ));
    }
    let read = tables.into_iter().map(|mut table| {
        let hash = table.required("hash", TOKEN);
        let hash = hash.and_then(|value| self::hash(&value, hashes));
        let expires = table.get("expires").map(|value| value.moment());
        table.finish();
        Some(Token {
            hash: hash?,
            expires: expires.flatten(),
        })
    });
    let read: Vec<Option<Token>> = read.collect();
    Tokens::new(read.into_iter().flatten().collect())
}

fn hash(value: &Value<'_, '_>, hashes: &mut Hashes) -> Option<TokenHash> {
    let hash: TokenHash = value.or_error(value.text("sha256:…")?.parse::<TokenHash>())?;
    if hashes.guessable.contains(&hash) {
        value.error(
            "this is the hash of a word or name that can be guessed; make a token with `gong-gateway token`, and put the hash that it prints here, such as \"sha256:…\"",
        );
    }
    if let Some(other) = hashes.seen.insert(hash, value.path()) {
        value.error(format_args!(
            "{other} has the same token; make another with `gong-gateway token`"
        ));
    }
    Some(hash)
}

/// A URL with a scheme, a host, perhaps a port, and nothing else.
fn origin(text: &str) -> Result<Uri, &'static str> {
    let uri: Uri = text.parse().map_err(|_| "it is no URL")?;
    let scheme = uri.scheme().ok_or("it is no URL")?;
    if scheme != &Scheme::HTTPS && scheme != &Scheme::HTTP {
        return Err("it must begin with https://");
    }
    let authority = uri.authority().ok_or("it has no host")?;
    // The error does not quote the text, because the user part could hold a password.
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
