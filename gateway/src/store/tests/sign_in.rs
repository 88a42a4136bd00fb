//! People who sign in, what their groups give, and how sign-ins end.

use super::*;
use crate::sign_in::Scopes;
use crate::store::accounts::{NewServiceToken, ServiceTokens};
use crate::store::administrators::{NewSession, Opened};
use crate::store::sign_in::{
    Begun, ClientKind, ClientRow, EndReason, NewCode, NewGrant, NewTokens, Person, PresentedCode,
    Redemption, Registration, SignIns, TokenState,
};

const RESOURCE: &str = "https://gw.example/t/acme/mcp";
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

const SIGN_IN: &str = r#"
[tenants.acme.profiles.readers]
toolsets = ["read-only"]
users = []
[tenants.acme.sign_in]
issuer = "https://login.acme.example"
client_id = "gong-gateway"
client_secret = "env:A"
key = "env:B"
[tenants.acme.sign_in.groups.sales]
profiles = ["readers"]
[tenants.acme.sign_in.groups.ops]
administrator = true
"#;

fn declared(sign_in: &str) -> Config {
    let text = format!(
        "listen.public_url = \"https://gw.example\"\n[tenants.acme]\n\
         gong = \"https://acme.api.gong.io\"\nreview = \"approved\"\n\
         credentials = {{ access_key = \"env:A\", access_key_secret = \"env:B\" }}\n{sign_in}"
    );
    Config::parse("gateway.toml", &text, Path::new("")).unwrap()
}

fn store_with(sign_in: &str, folder: &Folder) -> Store {
    let store = Store::open(&folder.file()).unwrap();
    store.declare(&declared(sign_in)).unwrap();
    store.discover(&tools(), DIGEST).unwrap();
    store
}

fn client() -> ClientRow {
    let (dynamic, personal) = (Registration::Dynamic, ClientKind::Personal);
    ClientRow {
        redirect_uris: names(&["http://localhost/cb"]),
        ..ClientRow::new("client-1", dynamic, personal, "A client", NOW)
    }
}

fn person(subject: &str, groups: &[&str]) -> Person {
    Person {
        issuer: "https://login.acme.example".to_owned(),
        subject: subject.to_owned(),
        email: Some(format!("{subject}@acme.example")),
        groups: set(groups),
    }
}

fn grant(id: &str, person: Person) -> NewGrant {
    NewGrant {
        id: id.to_owned(),
        tenant: "acme".to_owned(),
        client: client(),
        person,
        resource: RESOURCE.to_owned(),
        scopes: Scopes::first(),
        ends_at: NOW + Duration::from_secs(3600),
        provider_token: Some(vec![1, 2, 3]),
        code: NewCode {
            hash: TokenHash::of(&format!("code of {id}")),
            redirect_uri: "http://localhost/cb".to_owned(),
            challenge: "challenge".to_owned(),
            expires_at: NOW + Duration::from_secs(60),
        },
    }
}

/// Signs somebody in, and returns the hash of their access token.
fn sign_in(store: &Store, id: &str, person: Person) -> TokenHash {
    assert_eq!(
        store.begin_sign_in(&grant(id, person), NOW).unwrap(),
        Begun::Yes
    );
    let access = TokenHash::of(&format!("access of {id}"));
    let tokens = NewTokens {
        access,
        access_ends: NOW + Duration::from_secs(600),
        refresh: TokenHash::of(&format!("refresh of {id}")),
        refresh_ends: NOW + Duration::from_secs(3600),
    };
    let hash = TokenHash::of(&format!("code of {id}"));
    let code = PresentedCode {
        hash: &hash,
        tenant: "acme",
        client: "client-1",
        redirect_uri: "http://localhost/cb",
        resource: RESOURCE,
        challenge: "challenge",
    };
    let redeemed = store.redeem_code(code, &tokens, NOW).unwrap();
    assert_eq!(redeemed, Redemption::Issued(Scopes::first()));
    access
}

#[test]
fn groups_give_profiles_as_the_file_says_at_the_moment() {
    let folder = Folder::new();
    let store = store_with(SIGN_IN, &folder);
    store.register_client("acme", &client()).unwrap();
    let governance = Governance::new(&store).unwrap();
    let may = |user: &str| {
        let policy = governance.policy("acme", user).unwrap();
        policy.tools().map(str::to_owned).collect::<Vec<_>>()
    };
    let mia = "mia@acme.example";
    let denied = governance
        .policy("acme", mia)
        .unwrap()
        .decide("search")
        .unwrap_err();
    assert_eq!(denied.code, DenialCode::UnknownUser);
    sign_in(&store, "1", person("mia", &["sales"]));
    assert_eq!(may(mia), ["search"]);
    assert_eq!(store.users("acme").unwrap(), [mia]);
    assert_eq!(store.profiles_of("acme", mia).unwrap(), set(&["readers"]));
    // The file takes the group away, and gives it to everybody.
    let without = SIGN_IN.replace("groups.sales", "groups.others");
    store.declare(&declared(&without)).unwrap();
    assert!(may(mia).is_empty());
    let everybody = without.replace("key = ", "profiles = [\"readers\"]\nkey = ");
    store.declare(&declared(&everybody)).unwrap();
    assert_eq!(may(mia), ["search"]);
    // An administrator may put her into a profile of their own.
    store.declare(&declared(&without)).unwrap();
    let profile = Profile {
        toolsets: set(&["component:privacy"]),
        users: set(&[mia]),
    };
    store
        .put_profile(&ada(), "acme", "erasers", &profile)
        .unwrap();
    assert_eq!(may(mia), ["erase"]);
    let users = store.signed_in_users("acme").unwrap();
    assert!(!users[0].administrator);
    sign_in(&store, "2", person("olga", &["ops"]));
    assert!(store.signed_in_users("acme").unwrap()[1].administrator);
    // A tenant that goes takes its people along, and the next one inherits nothing.
    store.declare(&config("")).unwrap();
    let gone = declared("").tenants["acme"].clone();
    let mut only_globex = config("");
    only_globex.tenants.remove("acme");
    only_globex
        .written
        .settings
        .retain(|(tenant, _), _| tenant != "acme");
    store.declare(&only_globex).unwrap();
    let mut back = only_globex.clone();
    back.tenants.insert("acme".to_owned(), gone);
    store.declare(&back).unwrap();
    assert!(store.users("acme").unwrap().is_empty());
    let erasers = store.profiles("acme").unwrap();
    assert!(erasers.iter().all(|profile| profile.users.is_empty()));
}

#[test]
fn nobody_signs_in_whom_nothing_gives_access() {
    let folder = Folder::new();
    let store = store_with(SIGN_IN, &folder);
    store.register_client("acme", &client()).unwrap();
    let begin = |person| store.begin_sign_in(&grant("1", person), NOW).unwrap();
    assert_eq!(begin(person("eve", &[])), Begun::NoAccess);
    assert_eq!(begin(person("eve", &["unknown"])), Begun::NoAccess);
    assert!(store.users("acme").unwrap().is_empty());
    assert_eq!(begin(person("eve", &["ops"])), Begun::Yes);
}

#[test]
fn what_ends_a_sign_in_ends_it_for_every_process() {
    let folder = Folder::new();
    let store = store_with(SIGN_IN, &folder);
    store.register_client("acme", &client()).unwrap();
    let sign_ins = SignIns::new(&store).unwrap();
    let valid = |token: &TokenHash, now| match sign_ins.session(token, now).unwrap() {
        TokenState::Valid(session) => Some(session.user.to_string()),
        TokenState::Ended | TokenState::Unknown => None,
    };
    let first = sign_in(&store, "1", person("mia", &["sales"]));
    let second = sign_in(&store, "2", person("mia", &["sales"]));
    assert_eq!(valid(&first, NOW).as_deref(), Some("mia@acme.example"));
    let later = NOW + Duration::from_secs(600);
    assert_eq!(valid(&first, later), None);
    assert_eq!(
        sign_ins.session(&TokenHash::of("other"), NOW).unwrap(),
        TokenState::Unknown
    );
    // Another process ends it.
    let other = Store::open(&folder.file()).unwrap();
    other.end_sign_in("1", EndReason::Revoked, NOW).unwrap();
    other.end_sign_in("1", EndReason::Revoked, NOW).unwrap();
    assert_eq!(sign_ins.session(&first, NOW).unwrap(), TokenState::Ended);
    assert!(valid(&second, NOW).is_some());
    // The tenant gets another provider.
    let moved = SIGN_IN.replace("login.acme", "login2.acme");
    store.declare(&declared(&moved)).unwrap();
    assert_eq!(valid(&second, NOW), None);
    let third = sign_in(
        &store,
        "3",
        Person {
            issuer: "https://login2.acme.example".to_owned(),
            ..person("mia", &["sales"])
        },
    );
    // It is somebody else, whatever the address.
    assert_eq!(valid(&third, NOW).as_deref(), Some("mia@acme.example (2)"));
    // What is pruned is no token any more.
    let much_later = NOW + Duration::from_secs(3 * 24 * 3600);
    assert!(store.prune_sign_ins(much_later).unwrap() > 0);
    assert_eq!(sign_ins.session(&first, NOW).unwrap(), TokenState::Unknown);
    assert_eq!(
        store.sign_in_clients("acme").unwrap().len(),
        1,
        "it was used"
    );
}

#[test]
fn a_backup_brings_no_sign_in_back() {
    let folder = Folder::new();
    let store = store_with(SIGN_IN, &folder);
    store.register_client("acme", &client()).unwrap();
    let token = sign_in(&store, "1", person("mia", &["sales"]));
    let service = NewServiceToken {
        hash: TokenHash::of("service"),
        ends_at: NOW + Duration::from_secs(3600),
        longest: Duration::from_secs(3600),
    };
    let profiles = set(&["readers"]);
    let whose = ("reports", "mia@acme.example");
    store
        .create_account(&ada(), "acme", whose, &profiles, service, NOW)
        .unwrap();
    let session = TokenHash::of("an administrator's session");
    let new = NewSession {
        hash: &session,
        replaces: None,
        tenant: "acme",
        expires_at: NOW + Duration::from_secs(3600),
    };
    let opened = store.open_administrator_session(new, &person("2", &["ops"]), NOW);
    assert_eq!(opened.unwrap(), Opened::Yes("2@acme.example".to_owned()));
    let code = TokenHash::of("a code");
    assert!(
        store
            .put_administrator_code(&session, &code, "c", new.expires_at)
            .unwrap()
    );
    let known = |store: &Store| {
        store
            .administrator_session(&session, Via::Page, NOW)
            .unwrap()
    };
    assert_eq!(known(&store).unwrap().tenant.as_deref(), Some("acme"));
    assert_eq!(
        store
            .administrator_session(&session, Via::CommandLine, NOW)
            .unwrap(),
        None
    );
    let backup = folder.0.join("backup.db");
    store.back_up(&backup).unwrap();
    drop(store);
    backup::restore(&folder.file(), &backup).unwrap();
    let store = Store::open(&folder.file()).unwrap();
    let sign_ins = SignIns::new(&store).unwrap();
    assert_eq!(sign_ins.session(&token, NOW).unwrap(), TokenState::Unknown);
    let accounts = ServiceTokens::new(&store).unwrap();
    assert_eq!(accounts.session(&service.hash, NOW), Ok(None));
    assert_eq!(known(&store), None);
    let other = TokenHash::of("another session");
    let redeemed = store.redeem_administrator_code(&code, "c", &other, NOW, new.expires_at, "x");
    assert_eq!(redeemed.unwrap(), None);
    assert_eq!(
        store.users("acme").unwrap(),
        ["2@acme.example", "mia@acme.example", "service:reports"]
    );
}

#[test]
fn an_administrator_who_is_switched_off_is_none() {
    let folder = Folder::new();
    let store = store_with(SIGN_IN, &folder);
    let session = TokenHash::of("a session");
    let new = NewSession {
        hash: &session,
        replaces: None,
        tenant: "acme",
        expires_at: NOW + Duration::from_secs(3600),
    };
    let olga = person("olga", &["ops"]);
    let opened = store.open_administrator_session(new, &olga, NOW).unwrap();
    assert_eq!(opened, Opened::Yes("olga@acme.example".to_owned()));
    let known = || store.administrator_session(&session, Via::Page, NOW);
    let switch = KillSwitch::User("acme".to_owned(), "olga@acme.example".to_owned());
    for (on, is_known) in [(false, false), (true, true), (false, false)] {
        store.switch(&ada(), &switch, on, "a test").unwrap();
        assert_eq!(known().unwrap().is_some(), is_known);
    }
    let other = TokenHash::of("another session");
    let again = NewSession {
        hash: &other,
        ..new
    };
    let opened = store.open_administrator_session(again, &olga, NOW).unwrap();
    assert_eq!(opened, Opened::Off);
}
