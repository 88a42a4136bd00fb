use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::clock::SteadyClock;
use crate::config::{test_hash, test_token};
use crate::governance::{DenialCode, Governance};
use crate::store::tests::{Folder, tools};

const DIGEST: &str = "c0ffee0000000000000000000000000000000000000000000000000000000001";

/// A gateway's state without its sockets.
struct Live {
    folder: Folder,
    store: Store,
    tenants: Tenants,
    reloader: Mutex<Reloader>,
}

/// A configuration whose tenant has these users. Profiles give them all that is approved.
fn toml(users: &[&str], more: &str) -> String {
    let mut text = format!(
        "state = \"gateway.db\"\n{more}\n[tenants.acme]\ngong = \"https://acme.api.gong.io\"\n\
         review = \"approved\"\n\
         credentials = {{ access_key = \"file:key\", access_key_secret = \"file:secret\" }}\n\
         profiles.all = {{ toolsets = [\"read-only\"], users = {users:?} }}\n"
    );
    for user in users {
        text.push_str(&format!("users.{user}.token = \"{}\"\n", test_hash(user)));
    }
    text
}

impl Live {
    fn start(users: &[&str]) -> Self {
        let folder = Folder::new();
        write(&folder.0.join("key"), "KEY");
        write(&folder.0.join("secret"), "SECRET");
        let path = folder.0.join("gateway.toml");
        write(&path, &toml(users, ""));
        let mut files = Files::default();
        let config = Config::read(&path, &mut files).unwrap();
        let store = Store::open(&config.state).unwrap();
        let clock = Arc::new(SteadyClock::start(None));
        let tenants = Tenants::start(config, &mut files, &store, &clock, false).unwrap();
        store
            .declare_and_discover(&tenants.live().config, &mut files, &tools(), DIGEST)
            .unwrap();
        Self {
            reloader: Mutex::new(Reloader::new(path, files.fingerprint())),
            folder,
            store,
            tenants,
        }
    }

    fn look(&self) -> Look {
        let tools = tools();
        self.reloader.lock().unwrap().look(InForce {
            tenants: &self.tenants,
            store: &self.store,
            tools: &tools,
            digest: DIGEST,
            tls: None,
        })
    }

    fn write(&self, toml: &str) {
        write(&self.folder.0.join("gateway.toml"), toml);
    }

    fn knows(&self, user: &str) -> bool {
        self.tenants.live().identify(&test_token(user)).is_some()
    }
}

/// Writes in one step, as deployments do.
fn write(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, path).unwrap();
}

/// Noa is removed while another configuration is being loaded, at every moment of that load.
#[tokio::test]
async fn a_configuration_written_during_a_load_is_not_taken_as_seen() {
    const ROUNDS: u32 = 300;
    let live = Arc::new(Live::start(&["mia"]));
    let governance = Governance::new(&live.store).unwrap();
    // The moments are spread over twice the time that a load takes here.
    let start = std::time::Instant::now();
    live.write(&toml(&["mia", "noa"], "# before"));
    assert_eq!(live.look(), Look::Applied);
    let load = start.elapsed();
    let (mut during, mut seen_by_second_look) = (0, 0);
    for round in 0..ROUNDS {
        live.write(&toml(&["mia", "noa"], &format!("# {round}")));
        let loading = Arc::new(AtomicBool::new(true));
        let loader = std::thread::spawn({
            let (live, loading) = (Arc::clone(&live), Arc::clone(&loading));
            let runtime = tokio::runtime::Handle::current();
            move || {
                let _runtime = runtime.enter();
                live.look();
                loading.store(false, Ordering::SeqCst);
            }
        });
        std::thread::sleep(load * 2 * round / ROUNDS);
        live.write(&toml(&["mia"], ""));
        during += u32::from(loading.load(Ordering::SeqCst));
        loader.join().unwrap();
        seen_by_second_look += u32::from(live.look() == Look::Applied);
        assert!(live.knows("mia"));
        assert!(!live.knows("noa"), "round {round}");
        let policy = governance.policy("acme", "noa").unwrap();
        assert_eq!(
            policy.decide("search").unwrap_err().code,
            DenialCode::UnknownUser,
            "round {round}"
        );
        assert_eq!(live.look(), Look::Unchanged, "round {round}");
    }
    assert!(
        during > 0 && seen_by_second_look > 0,
        "{during} {seen_by_second_look}"
    );
}

/// The second tenant's certificates, a later tenant and the store: wherever it fails, users,
/// declared state and limits are those of before.
#[tokio::test]
async fn a_refused_configuration_is_in_no_part_in_force_and_is_tried_again() {
    let live = Live::start(&["mia", "noa"]);
    let limits = || {
        let tenant = live.tenants.live().tenant("acme").unwrap();
        (
            tenant.limiter.status().per_day,
            tenant.queue.limits().running,
        )
    };
    let declared = || {
        let tenants = live.store.tenants().unwrap();
        let shown = tenants.iter().map(|tenant| {
            format!(
                "{} {} {:?}",
                tenant.name, tenant.requests_per_day, tenant.users
            )
        });
        shown.collect::<Vec<_>>()
    };
    let before = (limits(), declared());
    assert_eq!(before.0, (10_000, 8));
    let changed = |top: &str, later: &str| {
        let text = toml(&["mia"], top);
        let settings = "requests_per_day = 5\nconcurrent_calls = 1\nprofiles.all";
        format!("{}{later}", text.replacen("profiles.all", settings, 1))
    };
    let globex = "[tenants.globex]\ngong = \"https://globex.api.gong.io\"\n\
                  credentials = { access_key = \"file:key\", access_key_secret = \"file:secret\" }\n";

    // Root certificates that are none.
    write(&live.folder.0.join("ca.pem"), "not a certificate");
    let good = changed("ca = \"ca.pem\"", globex);
    live.write(&good);
    let Look::Failed(error) = live.look() else {
        panic!("it is refused");
    };
    assert!(error.starts_with("ca: "), "{error}");
    assert_eq!((limits(), declared()), before);
    assert!(live.knows("noa"));
    assert_eq!(live.look(), Look::StillFailed);

    // A later tenant, whose quota can not be read.
    live.write(&changed("", globex));
    sql(&live.store, "ALTER TABLE quota RENAME TO hidden");
    let Look::Failed(error) = live.look() else {
        panic!("it is refused");
    };
    assert!(error.starts_with("tenant globex: "), "{error}");
    assert_eq!((limits(), declared()), before);
    assert!(live.knows("noa"));

    // Nothing is written anew, and it works as soon as the cause is gone.
    sql(&live.store, "ALTER TABLE hidden RENAME TO quota");
    assert_eq!(live.look(), Look::Applied);
    assert_eq!(limits(), (5, 1));
    assert_eq!(declared(), [r#"acme 5 ["mia"]"#, r#"globex 10000 []"#]);
    assert!(!live.knows("noa"));
    assert_eq!(live.look(), Look::Unchanged);

    // The declaration itself fails in the middle.
    let before = (limits(), declared());
    live.write(&toml(&["mia", "noa"], ""));
    sql(
        &live.store,
        "CREATE TRIGGER refuse BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    assert!(matches!(live.look(), Look::Failed(_)));
    assert_eq!((limits(), declared()), before);
    assert!(!live.knows("noa"));
    sql(&live.store, "DROP TRIGGER refuse");
    assert_eq!(live.look(), Look::Applied);
    assert!(live.knows("noa"));
    assert_eq!(limits(), (10_000, 8));
}

fn sql(store: &Store, text: &str) {
    store.connect().unwrap().execute_batch(text).unwrap();
}

/// A secret that can not be read for a moment is read when it is there again.
#[tokio::test]
async fn a_secret_that_was_away_is_noticed() {
    let live = Live::start(&["mia"]);
    let key = live.folder.0.join("key");
    std::fs::remove_file(&key).unwrap();
    assert_eq!(live.look(), Look::Applied);
    assert_eq!(live.look(), Look::Unchanged);
    write(&key, "KEY");
    assert_eq!(live.look(), Look::Applied);
    assert_eq!(live.look(), Look::Unchanged);
}
