//! A process that writes and says what is on the disk, until it is killed.

use std::fmt::Display;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use crate::store::again;

/// Says to [`killed_after`] what is on the disk, one line each. An incomplete line does not count.
pub(crate) fn say(line: impl Display) {
    static OUT: Mutex<()> = Mutex::new(());
    let _turn = OUT.lock();
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("@{line}\n").as_bytes());
    let _ = out.flush();
}

/// Starts a test of this program as [`again`] does, kills it this long after it has said `open`, and
/// returns what it has said since.
pub(crate) fn killed_after(
    pause: Duration,
    test: &str,
    variable: &str,
    value: &Path,
) -> Vec<String> {
    let mut child = again(test, variable, value);
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let opened = lines
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.ends_with("@open"));
    assert!(opened, "{test} has not begun to write");
    std::thread::sleep(pause);
    child.kill().expect("SIGKILL");
    child.wait().expect("it is dead");
    let said = lines.map_while(Result::ok);
    said.map(|line| line.trim_start_matches('@').to_owned())
        .collect()
}
