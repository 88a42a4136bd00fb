//! The demo, which checks what it shows.

use tokio::process::Command;

use crate::support::component;

#[tokio::test(flavor = "multi_thread")]
async fn all_goes_as_told() {
    component();
    let output = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .arg("demo")
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(std::time::Duration::from_secs(180), output).await;
    let output = output.expect("it ends").expect("it runs");
    let (said, failed) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{failed}\n{said}");
    assert!(said.ends_with("All of it went as described.\n"), "{said}");
}
