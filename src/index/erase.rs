//! Removing a person from the index. Gong takes hours to erase, and until then it sends the person
//! with every call: so who was erased is kept as a number, and left out of what is read.

use serde::{Deserialize, Serialize};

use crate::{
    client::{Gong, request::Precondition},
    error::Error,
    gong::calls::Party,
    index::{
        freshness::WEEK,
        pack::Builder,
        segment,
        store::{Fault, Store, Written},
        view::View,
        week::{name, week_of},
    },
    prelude::*,
    text::fold_case,
    time::DAY,
};

/// The object with the erased.
const NAME: &str = "erased";
/// Weeks that are searched: as far back as Gong keeps calls that anybody asks for.
const WEEKS: i64 = 160;
/// For how long somebody who was erased is left out, in seconds.
const KEPT: i64 = 60 * DAY;
/// How often an object is written that others write too.
const TRIES: u32 = 5;

/// Who was erased, and when.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct Erased(Vec<(u64, u32)>);

impl Erased {
    /// Who was erased; nobody where the object is not readable.
    ///
    /// # Errors
    /// Whatever the store fails with.
    pub(super) fn read(store: &Store<'_, '_>) -> Result<Self, Fault> {
        let object = store.get(NAME)?;
        let read = object.and_then(|object| postcard::from_bytes(&object.bytes).ok());
        Ok(read.unwrap_or_default())
    }

    /// Whether somebody was erased.
    pub(super) fn has(&self, party: &Party) -> bool {
        let is = |text: &Option<String>| {
            let number = text.as_deref().map(number);
            number.is_some_and(|number| self.0.iter().any(|(erased, _)| *erased == number))
        };
        !self.0.is_empty() && (is(&party.email_address) || is(&party.phone_number))
    }
}

/// A number for an e-mail address or a phone number, from which these can not be read.
fn number(text: &str) -> u64 {
    let text = match text.contains('@') {
        true => fold_case(text.trim()),
        false => text.chars().filter(char::is_ascii_digit).collect(),
    };
    let half = |begin: &[u8]| {
        let mut hash = crc32fast::Hasher::new();
        hash.update(begin);
        hash.update(text.as_bytes());
        u64::from(hash.finalize())
    };
    half(b"one") << 32 | half(b"the other")
}

/// Removes the person with this e-mail address or phone number from every segment. Does nothing
/// without `GONG_INDEX_URL`.
///
/// # Errors
/// `unreachable` if the person may still be in the index.
pub(crate) fn erase(gong: &Gong<'_>, subject: &str) -> Result<Option<u32>, Error> {
    let Some(store) = Store::of(gong) else {
        return Ok(None);
    };
    let store = store.patient();
    remove(gong, &store, subject).map(Some).map_err(|fault| {
        Error::unreachable(format!(
            "The person may still be in the index of calls, as its store {fault}, so nothing was sent to Gong. Try \
             again, or whoever runs the gateway empties the folder of GONG_INDEX_URL."
        ))
    })
}

/// Returns from how many segments the person was removed.
fn remove(gong: &Gong<'_>, store: &Store<'_, '_>, subject: &str) -> Result<u32, Fault> {
    let erased = remember(gong, store, subject)?;
    let now = gong.now;
    let mut found = 0;
    for back in -1..WEEKS {
        let week = week_of(now) - back * WEEK;
        found += u32::from(remove_from(gong, store, &erased, week)?);
    }
    Ok(found)
}

/// Adds the person to the erased.
fn remember(gong: &Gong<'_>, store: &Store<'_, '_>, subject: &str) -> Result<Erased, Fault> {
    for _ in 0..TRIES {
        let object = store.get(NAME)?;
        let known = object
            .as_ref()
            .and_then(|object| postcard::from_bytes::<Erased>(&object.bytes).ok());
        let mut erased = known.unwrap_or_default();
        erased.0.retain(|(_, at)| gong.now - i64::from(*at) < KEPT);
        erased
            .0
            .push((number(subject), u32::try_from(gong.now).unwrap_or(0)));
        let bytes = postcard::to_allocvec(&erased).expect("memory does not end");
        let if_ = match &object {
            Some(object) => Precondition::Unchanged(&object.etag),
            None => Precondition::Absent,
        };
        if store.put(NAME, &bytes, if_)? != Written::Changed {
            return Ok(erased);
        }
    }
    Err("is written by others all the time".into())
}

/// Returns whether somebody was in the week.
fn remove_from(
    gong: &Gong<'_>,
    store: &Store<'_, '_>,
    erased: &Erased,
    week: i64,
) -> Result<bool, Fault> {
    let company = segment::company_of(gong);
    for _ in 0..TRIES {
        let Some(object) = store.get(&name(week))? else {
            return Ok(false);
        };
        let if_ = Precondition::Unchanged(&object.etag);
        let head = segment::read_head(&object.bytes, company);
        let unpacked = head.as_ref().and_then(|_| segment::unpack(&object.bytes));
        let packed = unpacked.as_deref().and_then(segment::read);
        let (Some(head), Some(packed)) = (head, packed) else {
            // Nobody can say who is in it.
            if store.delete(&name(week), if_)? == Written::Changed {
                continue;
            }
            return Ok(false);
        };
        let view = View::new(week, packed);
        let tables = view.tables();
        let mut people = tables.people.iter();
        if !people.any(|person| erased.has(&tables.party(person, true))) {
            return Ok(false);
        }
        let mut builder = Builder::new(week);
        builder.hours = head.hours();
        builder.erased = erased.clone();
        view.copy(&mut builder, |_| true);
        if store.put(&name(week), &builder.finish(company), if_)? != Written::Changed {
            return Ok(true);
        }
    }
    Err("is written by others all the time".into())
}
