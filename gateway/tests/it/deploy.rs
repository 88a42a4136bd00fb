//! What stands in `deploy/` names settings, paths and commands that exist.

use std::collections::BTreeSet;

use gateway::config::Config;

use crate::support::workspace;

fn read(file: &str) -> String {
    let path = workspace().join("deploy").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The configuration of the manifests is one, and its paths are where the volumes are.
#[test]
fn the_manifests_fit_their_configuration() {
    let path = workspace().join("deploy/kubernetes/gateway.toml");
    let config = Config::load(&path).expect("a configuration");
    let manifests = read("kubernetes/gong-gateway.yaml");
    let mounts: BTreeSet<&str> = manifests
        .lines()
        .filter_map(|line| line.trim().strip_prefix("mountPath: "))
        .collect();
    let on_a_volume = |path: &std::path::Path| mounts.iter().any(|mount| path.starts_with(mount));
    assert!(on_a_volume(&config.state), "{mounts:?}");
    assert!(on_a_volume(&config.cache), "{mounts:?}");
    for tenant in config.tenants.values() {
        for secret in [
            &tenant.credentials.access_key,
            &tenant.credentials.access_key_secret,
        ] {
            let secret = secret.to_string();
            let file = secret.strip_prefix("file:").expect("a file");
            assert!(on_a_volume(file.as_ref()), "{file}");
        }
    }
    let port = format!("containerPort: {}", config.listen.address.port());
    assert!(manifests.contains(&port));
    assert!(!config.listen.address.ip().is_loopback());
    for line in [
        "path: /healthz",
        "path: /readyz",
        "replicas: 1",
        "type: Recreate",
    ] {
        assert!(manifests.contains(line), "{line}");
    }
}

/// The unit and the image start commands that the binary has, and end later than the gateway does.
#[test]
fn unit_and_image_start_what_there_is() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .arg("--help")
        .output()
        .expect("it runs");
    let help = String::from_utf8(help.stdout).expect("text");
    let unit = read("gong-gateway.service");
    let value = |key: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_else(|| panic!("{key} is missing"))
    };
    for command in [value("ExecStartPre="), value("ExecStart=")] {
        let word = command
            .split(' ')
            .find(|word| ["check", "serve"].contains(word));
        assert!(
            help.contains(&format!("\n  {} ", word.expect("a command"))),
            "{help}"
        );
    }
    let image = read("Containerfile");
    assert!(image.contains("CMD [\"--log\", \"json\", \"serve\"]"));
    assert!(image.contains("cargo xtask gateway"));
    let drain = gateway::serve::DEFAULT_DRAIN.as_secs();
    let stop: u64 = value("TimeoutStopSec=").parse().expect("seconds");
    assert!(stop > drain);
    let manifests = read("kubernetes/gong-gateway.yaml");
    let grace = manifests
        .lines()
        .find_map(|line| line.trim().strip_prefix("terminationGracePeriodSeconds: "));
    let grace: u64 = grace.expect("a grace period").parse().expect("seconds");
    assert!(grace > drain);
}
