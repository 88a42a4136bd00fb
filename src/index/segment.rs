//! The bytes of a segment: a version, whose calls these are, a checksum, and postcard: first the
//! little that says how old it is, then the calls, compressed.

use lz4_flex::block;
use serde::{Deserialize, Serialize};

use crate::{client::Gong, index::freshness::HOURS, prelude::*};

/// The version of the format: another one is as if absent.
const VERSION: u8 = 2;
/// Version, company, checksum.
const HEADER: usize = 9;
/// The most bytes that the calls of a week have unpacked: what says more is damaged.
const MOST_BYTES: usize = 32 << 20;

/// The affiliation of the company's own people.
pub(super) const INTERNAL: u8 = 1;

/// The index of a word in [`Tables::words`]; 0 is no word.
pub(super) type Word = u32;

/// How old a segment is.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct Head {
    /// How many hours one after the other were last read at which second; 0 is never.
    stamps: Vec<(u8, u32)>,
    /// Calls in it, private ones included.
    pub(super) calls: u32,
}

/// What the calls of a week have in common.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Tables<'a> {
    /// Every text once; the first is empty.
    #[serde(borrow, with = "words")]
    pub(super) words: Vec<&'a str>,
    pub(super) kinds: Vec<Kind>,
    pub(super) people: Vec<Person>,
    pub(super) objects: Vec<Object>,
}

/// The calls of a week.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct Packed<'a> {
    #[serde(borrow)]
    pub(super) tables: Tables<'a>,
    /// Sorted by start, then id.
    pub(super) rows: Vec<Row>,
    /// People, objects and trackers of all rows, one row after the other.
    pub(super) links: Vec<u32>,
    /// Calls that are private: nothing but these two is kept of them.
    pub(super) private: Vec<Private>,
}

/// What many calls have in common.
#[derive(Clone, Copy, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct Kind {
    pub(super) workspace: Word,
    pub(super) direction: Word,
    pub(super) scope: Word,
    pub(super) language: Word,
    /// The link, with `{id}` for the call's id where it has that.
    pub(super) url: Word,
    /// Category and name of the outcome.
    pub(super) outcome: (Word, Word),
}

/// An e-mail address.
#[derive(Clone, Copy, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) enum Email {
    None,
    /// First and last name in lower case with a dot between, and this domain: most are so.
    OfName(Word),
    /// What is before and after the last @.
    Other(Word, Word),
    /// An address without @.
    Odd(Word),
}

/// Somebody on calls.
#[derive(Clone, Copy, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct Person {
    pub(super) name: Word,
    pub(super) email: Email,
    pub(super) user: Word,
    /// The CRM's id of a user.
    pub(super) crm_user: Word,
    /// Only of people without name and address.
    pub(super) phone: Word,
    /// 0 unknown, [`INTERNAL`], 2 external.
    pub(super) affiliation: u8,
}

/// A CRM object as it was on one of the calls.
#[derive(Clone, Copy, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct Object {
    pub(super) id: Word,
    pub(super) name: Word,
    /// How it was at the time of the call, not now.
    pub(super) then: bool,
    pub(super) fields: Fields,
}

/// What lists show of a CRM object.
#[derive(Clone, Copy, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) enum Fields {
    Account {
        website: Word,
    },
    Opportunity {
        stage: Word,
        amount: Word,
        close: Word,
        probability: Word,
        owner: Word,
    },
}

/// A call's id.
#[derive(Clone, Copy, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) enum CallId {
    Number(u64),
    Text(Word),
}

/// A call.
#[derive(Clone, Copy, Deserialize, Serialize)]
pub(super) struct Row {
    /// Seconds after the call before it in the week.
    pub(super) after: u32,
    pub(super) id: CallId,
    pub(super) seconds: u32,
    pub(super) title: Word,
    /// The host's user id.
    pub(super) host: Word,
    pub(super) kind: u32,
    /// How many of the links are people (twice the index; odd: attended), CRM objects, trackers
    /// (each a word and a count).
    pub(super) people: u32,
    pub(super) objects: u32,
    pub(super) trackers: u32,
}

/// A private call.
#[derive(Clone, Copy, Deserialize, Serialize)]
pub(super) struct Private {
    /// Seconds after the begin of the week.
    pub(super) at: u32,
    pub(super) id: CallId,
}

impl Head {
    /// The head of a segment with these stamps by hour.
    pub(super) fn new(hours: &[i64; HOURS], calls: u32) -> Self {
        let runs = hours.chunk_by(|one, other| one == other);
        Self {
            stamps: runs
                .map(|run| (run.len() as u8, u32::try_from(run[0]).unwrap_or(0)))
                .collect(),
            calls,
        }
    }

    /// The stamps by hour.
    pub(super) fn hours(&self) -> [i64; HOURS] {
        let mut hours = [0; HOURS];
        let all = self.stamps.iter();
        let all = all.flat_map(|(run, at)| core::iter::repeat_n(i64::from(*at), usize::from(*run)));
        for (hour, at) in hours.iter_mut().zip(all) {
            *hour = at;
        }
        hours
    }
}

/// Words as one text and the length of each, so that reading checks one text.
mod words {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::prelude::*;

    pub(super) fn serialize<S: Serializer>(words: &[&str], to: S) -> Result<S::Ok, S::Error> {
        let lengths: Vec<usize> = words.iter().map(|word| word.len()).collect();
        (words.concat(), lengths).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<&'de str>, D::Error> {
        let (mut text, lengths) = <(&str, Vec<usize>)>::deserialize(from)?;
        let words = lengths.into_iter().map(|length| {
            let (word, rest) = text.split_at_checked(length)?;
            text = rest;
            Some(word)
        });
        let words: Option<Vec<&str>> = words.collect();
        words.ok_or_else(|| D::Error::custom("a word is beyond the text"))
    }
}

/// The bytes to keep.
pub(super) fn write(head: &Head, packed: &Packed<'_>, company: u32) -> Vec<u8> {
    let mut bytes = alloc::vec![VERSION];
    bytes.extend(company.to_le_bytes());
    bytes.extend([0; 4]);
    let mut bytes = postcard::to_extend(head, bytes).expect("memory does not end");
    let calls = postcard::to_allocvec(packed).expect("memory does not end");
    bytes.extend(block::compress_prepend_size(&calls));
    let sum = crc32fast::hash(&bytes[HEADER..]);
    bytes[HEADER - 4..HEADER].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// How old a segment is; none for another version, another company's, and damage.
pub(super) fn read_head(bytes: &[u8], company: u32) -> Option<Head> {
    let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let body = bytes.get(HEADER..)?;
    let same = bytes[0] == VERSION && number(1)? == company && number(5)? == crc32fast::hash(body);
    same.then(|| postcard::from_bytes(body).ok()).flatten()
}

/// What [`read`] reads, of a segment whose head was read.
pub(super) fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let (_, rest) = postcard::take_from_bytes::<Head>(bytes.get(HEADER..)?).ok()?;
    let (size, _) = block::uncompressed_size(rest).ok()?;
    (size <= MOST_BYTES).then(|| block::decompress_size_prepended(rest).ok())?
}

/// The calls of a segment.
pub(super) fn read(unpacked: &[u8]) -> Option<Packed<'_>> {
    let packed: Packed<'_> = postcard::from_bytes(unpacked).ok()?;
    is_sound(&packed).then_some(packed)
}

/// What the calls of a segment have in common, without the calls.
pub(super) fn read_tables(unpacked: &[u8]) -> Option<Tables<'_>> {
    let (tables, _) = postcard::take_from_bytes::<Tables<'_>>(unpacked).ok()?;
    tables.are_sound().then_some(tables)
}

impl Tables<'_> {
    fn has(&self, word: Word) -> bool {
        (word as usize) < self.words.len()
    }

    fn has_id(&self, id: CallId) -> bool {
        match id {
            CallId::Number(_) => true,
            CallId::Text(text) => self.has(text),
        }
    }

    /// Whether every index is within its list, so that nothing has to be checked later.
    fn are_sound(&self) -> bool {
        let words = |words: &[Word]| words.iter().all(|word| self.has(*word));
        let kinds = self.kinds.iter().all(|kind| {
            words(&[kind.workspace, kind.direction, kind.scope, kind.language])
                && words(&[kind.url, kind.outcome.0, kind.outcome.1])
        });
        let people = self.people.iter().all(|person| {
            let email = match person.email {
                Email::None => true,
                Email::OfName(domain) => self.has(domain),
                Email::Other(local, domain) => words(&[local, domain]),
                Email::Odd(text) => self.has(text),
            };
            email && words(&[person.name, person.user, person.crm_user, person.phone])
        });
        let objects = self.objects.iter().all(|object| {
            let fields = match object.fields {
                Fields::Account { website } => self.has(website),
                Fields::Opportunity {
                    stage,
                    amount,
                    close,
                    probability,
                    owner,
                } => words(&[stage, amount, close, probability, owner]),
            };
            fields && words(&[object.id, object.name])
        });
        self.has(0) && kinds && people && objects
    }
}

/// The same for the calls.
fn is_sound(packed: &Packed<'_>) -> bool {
    let tables = &packed.tables;
    let mut links = packed.links.as_slice();
    let mut take = |count: u64| {
        let count = usize::try_from(count).ok()?;
        let (taken, rest) = links.split_at_checked(count)?;
        links = rest;
        Some(taken)
    };
    let mut row = |row: &Row| {
        let people = take(u64::from(row.people))?;
        let objects = take(u64::from(row.objects))?;
        let trackers = take(2 * u64::from(row.trackers))?;
        let sound = people
            .iter()
            .all(|link| ((link >> 1) as usize) < tables.people.len())
            && objects
                .iter()
                .all(|link| (*link as usize) < tables.objects.len())
            && trackers.iter().step_by(2).all(|word| tables.has(*word))
            && (row.kind as usize) < tables.kinds.len()
            && tables.has_id(row.id)
            && tables.has(row.title)
            && tables.has(row.host);
        sound.then_some(())
    };
    tables.are_sound()
        && packed.rows.iter().all(|one| row(one).is_some())
        && packed
            .private
            .iter()
            .all(|private| tables.has_id(private.id))
}

/// A number for the company whose calls these are: another base URL or key has other calls.
pub(super) fn company_of(gong: &Gong<'_>) -> u32 {
    let settings = &gong.settings;
    company(
        &settings.authority,
        settings.access_key.as_deref().unwrap_or_default(),
    )
}

/// The number for this authority and key.
pub(super) fn company(authority: &str, access_key: &str) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(authority.as_bytes());
    hash.update(b"\n");
    hash.update(access_key.as_bytes());
    hash.finalize()
}
