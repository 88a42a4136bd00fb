//! Users of the operating system, for the audit: other names are what people claim.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::unistd::{Uid, User, getuid};

/// The kernel's number for a process that nobody logged in for.
const NOBODY: u32 = u32::MAX;

/// Who runs this process, such as `ada (uid 1000)`, and who logged in, if that is somebody else:
/// `sudo` and `su` do not change that.
#[must_use]
pub fn current() -> String {
    let user = getuid();
    let login = std::fs::read_to_string("/proc/self/loginuid").ok();
    let login = login.and_then(|text| text.trim().parse().ok());
    let login = login.filter(|login| *login != NOBODY && *login != user.as_raw());
    match login {
        Some(login) => format!(
            "{}, logged in as {}",
            shown(user),
            shown(Uid::from_raw(login))
        ),
        None => shown(user),
    }
}

/// The owner of a file. `None` when there is no such file.
#[must_use]
pub fn owner(path: &Path) -> Option<String> {
    let uid = std::fs::metadata(path).ok()?.uid();
    Some(shown(Uid::from_raw(uid)))
}

fn shown(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => format!("{} (uid {uid})", user.name),
        _ => format!("uid {uid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_number_beside_the_name() {
        let uid = std::fs::metadata("/proc/self").unwrap().uid();
        assert!(current().contains(&format!("uid {uid}")), "{}", current());
        assert_eq!(
            owner(Path::new("/proc/1/stat")),
            Some(shown(Uid::from_raw(0)))
        );
        assert_eq!(shown(Uid::from_raw(4_000_000_001)), "uid 4000000001");
        assert_eq!(owner(Path::new("/no/such/file")), None);
    }
}
