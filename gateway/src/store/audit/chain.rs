//! The chain of hashes over the audit's rows.
//!
//! Each link's hash is the SHA-256 of the hash before it, the link's event and its row, so that
//! whoever alters, removes or inserts a row has to make all later hashes anew, and a hash that
//! was noted elsewhere shows even that. A change to Gong has a link when it begins, with what is
//! known by then, and every row one when it is final.
//!
//! A row is hashed as a JSON object of its columns that are not null, sorted by name. So a
//! column that is added later changes no hash.

use std::fmt;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::store::{Store, StoreError};

/// The columns that are known when a change begins, and stay as they are.
const BEGUN: [&str; 13] = [
    "actor",
    "at",
    "client_id",
    "id",
    "kind",
    "owner",
    "request_id",
    "sign_in",
    "tenant",
    "trace_id",
    "via",
    "via_version",
    "what",
];

/// What became certain about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Event {
    /// A change begins.
    Begun,
    /// Nothing in the row changes any more.
    Final,
}

impl Event {
    fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Final => "final",
        }
    }

    fn has(self, column: &str) -> bool {
        self == Self::Final || BEGUN.contains(&column)
    }
}

/// A SHA-256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hash(pub [u8; SHA256_OUTPUT_LEN]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A link of the chain: to note outside the state file, and to check against it later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChainLink {
    /// Its place. Links are counted from 1, without gaps.
    pub seq: i64,
    /// Its hash, which covers all links before it.
    pub hash: Hash,
}

impl fmt::Display for ChainLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for ChainLink {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(seq, hash)| {
            let hash = HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).ok()?;
            Some(Self {
                seq: seq.parse().ok().filter(|seq| *seq >= 0)?,
                hash: Hash(hash.try_into().ok()?),
            })
        });
        parsed.ok_or_else(|| {
            "a link is expected as `admin audit verify` prints it, a number, a colon and 64 hexadecimal digits"
                .to_owned()
        })
    }
}

/// The end of the chain, within a transaction that adds links.
pub(in crate::store) struct Chain<'t> {
    transaction: &'t Transaction<'t>,
    head: ChainLink,
}

impl<'t> Chain<'t> {
    /// Reads the chain's end.
    pub(in crate::store) fn load(transaction: &'t Transaction<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            transaction,
            head: ends(transaction)?.head,
        })
    }

    /// Adds a link for a row, as the row is now.
    pub(in crate::store) fn link(&mut self, row: i64, event: Event) -> Result<(), StoreError> {
        let hash = hash_of_row(self.transaction, self.head.hash, row, event)?
            .ok_or_else(|| StoreError::Failed(format!("the audit has no row {row}")))?;
        self.head = ChainLink {
            seq: self.head.seq + 1,
            hash,
        };
        self.transaction
            .prepare_cached("INSERT INTO audit_chain (seq, row, event, hash) VALUES (?, ?, ?, ?)")?
            .execute(params![self.head.seq, row, event.as_str(), hash.0])?;
        Ok(())
    }

    /// Writes the chain's end.
    pub(in crate::store) fn store(self) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached("UPDATE audit_ends SET head_seq = ?, head_hash = ?")?
            .execute(params![self.head.seq, self.head.hash.0])?;
        Ok(())
    }
}

/// Both ends of the chain.
pub(in crate::store) struct Ends {
    /// The last link that retention deleted, or a zero.
    pub(in crate::store) anchor: ChainLink,
    /// The last link.
    pub(in crate::store) head: ChainLink,
    /// Rows up to this id may be from before there was a chain.
    pub(in crate::store) unchained: i64,
}

pub(in crate::store) fn ends(connection: &Connection) -> Result<Ends, StoreError> {
    let link = |row: &Row<'_>, seq: &str, hash: &str| {
        Ok::<_, rusqlite::Error>(ChainLink {
            seq: row.get(seq)?,
            hash: Hash(row.get(hash)?),
        })
    };
    let ends = connection
        .prepare_cached("SELECT * FROM audit_ends")?
        .query_row([], |row| {
            Ok(Ends {
                anchor: link(row, "anchor_seq", "anchor_hash")?,
                head: link(row, "head_seq", "head_hash")?,
                unchained: row.get("unchained")?,
            })
        })?;
    Ok(ends)
}

/// The hash of a link. `None` when there is no such row.
fn hash_of_row(
    connection: &Connection,
    before: Hash,
    row: i64,
    event: Event,
) -> Result<Option<Hash>, StoreError> {
    let canonical = connection
        .prepare_cached("SELECT * FROM audit WHERE id = ?")?
        .query_row([row], |row| canonical(row, event))
        .optional()?;
    Ok(canonical.map(|canonical| {
        let mut digest = Context::new(&SHA256);
        digest.update(&before.0);
        digest.update(event.as_str().as_bytes());
        digest.update(canonical.as_bytes());
        let mut hash = Hash::default();
        hash.0.copy_from_slice(digest.finish().as_ref());
        hash
    }))
}

/// A row as it is hashed.
fn canonical(row: &Row<'_>, event: Event) -> rusqlite::Result<String> {
    let statement = row.as_ref();
    let mut columns: Vec<&str> = statement.column_names().collect();
    columns.sort_unstable();
    let mut object = Map::new();
    for column in columns.into_iter().filter(|column| event.has(column)) {
        let value = match row.get_ref(column)? {
            ValueRef::Null => continue,
            ValueRef::Integer(number) => Value::from(number),
            ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text)),
            // The table is STRICT, and has neither.
            ValueRef::Real(_) | ValueRef::Blob(_) => continue,
        };
        object.insert(column.to_owned(), value);
    }
    Ok(Value::Object(object).to_string())
}

/// What a check of the chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainReport {
    /// Links that are right, up to the first fault.
    pub links: u64,
    /// The first row that was altered, removed or inserted.
    pub fault: Option<ChainFault>,
    /// Rows from before there was a chain, of which nothing can be said.
    pub unchained: u64,
    /// The last link that retention deleted.
    pub anchor: ChainLink,
    /// The last link, to be noted elsewhere.
    pub head: ChainLink,
}

/// A place where the audit is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainFault {
    /// What was done to it.
    pub what: Tampering,
    /// The row's id. `None` when only the place of a removed row is known.
    pub row: Option<i64>,
    /// The same for people.
    pub sentence: String,
}

/// What was done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tampering {
    /// Its contents are others, or its link is.
    Altered,
    /// It is gone.
    Removed,
    /// It was not written by a gateway.
    Inserted,
    /// The whole chain is another one than that of a link that was noted.
    Rewritten,
}

impl ChainFault {
    fn new(what: Tampering, row: Option<i64>, sentence: impl Into<String>) -> Self {
        Self {
            what,
            row,
            sentence: sentence.into(),
        }
    }
}

impl Store {
    /// Checks the chain, and that every row is in it. `noted` is a link that was noted earlier:
    /// without one, an attacker who made the whole chain anew is not found.
    ///
    /// It reads all of the audit in one transaction.
    ///
    /// # Errors
    ///
    /// The file could not be read, or the noted link is from before what retention deleted.
    pub fn verify_audit(&self, noted: Option<ChainLink>) -> Result<ChainReport, StoreError> {
        self.read(|connection| {
            let ends = ends(connection)?;
            if let Some(noted) = noted
                && noted.seq < ends.anchor.seq
            {
                return Err(StoreError::Refused(format!(
                    "link {} is older than what `keep` has left, which begins at link {}",
                    noted.seq,
                    ends.anchor.seq + 1
                )));
            }
            let (links, in_chain) = walk(connection, &ends, noted)?;
            let outside = outside(connection, &ends)?;
            let fault = match (in_chain, outside) {
                // The one with the smaller id, which is the earlier one.
                (Some(one), Some(other)) if other.row < one.row => Some(other),
                (one, other) => one.or(other),
            };
            let unchained = connection.query_row(
                "SELECT count(*) FROM audit WHERE id <= ? AND id NOT IN (SELECT row FROM audit_chain)",
                [ends.unchained],
                |row| row.get::<_, u32>(0),
            )?;
            Ok(ChainReport {
                links,
                fault,
                unchained: unchained.into(),
                anchor: ends.anchor,
                head: ends.head,
            })
        })
    }
}

struct StoredLink {
    at: ChainLink,
    row: i64,
    event: Event,
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredLink> {
    let event: String = row.get("event")?;
    Ok(StoredLink {
        at: ChainLink {
            seq: row.get("seq")?,
            hash: Hash(row.get("hash")?),
        },
        row: row.get("row")?,
        event: if event == Event::Begun.as_str() {
            Event::Begun
        } else {
            Event::Final
        },
    })
}

/// Follows the links from the anchor to the head, and returns how many are right.
fn walk(
    connection: &Connection,
    ends: &Ends,
    noted: Option<ChainLink>,
) -> Result<(u64, Option<ChainFault>), StoreError> {
    use Tampering::{Altered, Inserted, Removed, Rewritten};
    let mut before = ends.anchor;
    let mut last_row = None;
    let mut links = 0;
    let is_other =
        |link: ChainLink| noted.is_some_and(|noted| noted.seq == link.seq && noted != link);
    let rewritten = |link: ChainLink| {
        let sentence = format!(
            "link {} has another hash than the one that was noted",
            link.seq
        );
        Some(ChainFault::new(Rewritten, None, sentence))
    };
    if is_other(before) {
        return Ok((0, rewritten(before)));
    }
    let mut statement = connection.prepare("SELECT * FROM audit_chain ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let link = stored(row)?;
        let id = link.row;
        let fault = if link.at.seq > before.seq + 1 {
            let sentence = format!("rows were removed {}", after_row(last_row));
            Some(ChainFault::new(Removed, None, sentence))
        } else if link.at.seq <= before.seq {
            Some(ChainFault::new(
                Inserted,
                Some(id),
                format!("row {id} was inserted"),
            ))
        } else {
            match hash_of_row(connection, before.hash, id, link.event)? {
                None => Some(ChainFault::new(
                    Removed,
                    Some(id),
                    format!("row {id} was removed"),
                )),
                Some(hash) if hash == link.at.hash => None,
                Some(_) if is_followed(connection, before, link.at.seq + 1)? => Some(
                    ChainFault::new(Inserted, Some(id), format!("row {id} was inserted")),
                ),
                Some(_) => Some(ChainFault::new(
                    Altered,
                    Some(id),
                    format!("row {id} was altered"),
                )),
            }
        };
        if fault.is_some() {
            return Ok((links, fault));
        }
        if is_other(link.at) {
            return Ok((links, rewritten(link.at)));
        }
        links += 1;
        before = link.at;
        last_row = Some(id);
    }
    let fault = if before.seq < ends.head.seq {
        let sentence = format!("rows were removed {}", after_row(last_row));
        Some(ChainFault::new(Removed, None, sentence))
    } else if before != ends.head {
        let sentence = match last_row {
            Some(row) => format!("row {row} was inserted"),
            None => "the end of the chain was altered".to_owned(),
        };
        Some(ChainFault::new(Inserted, last_row, sentence))
    } else if let Some(noted) = noted.filter(|noted| noted.seq > before.seq) {
        let sentence = format!("the chain ends before link {}, which was noted", noted.seq);
        Some(ChainFault::new(Rewritten, None, sentence))
    } else {
        None
    };
    Ok((links, fault))
}

fn after_row(row: Option<i64>) -> String {
    match row {
        Some(row) => format!("after row {row}"),
        None => "at the beginning".to_owned(),
    }
}

/// Whether the link `next` follows `before`, so that what is between them was inserted.
fn is_followed(connection: &Connection, before: ChainLink, next: i64) -> Result<bool, StoreError> {
    let next = connection
        .prepare_cached("SELECT * FROM audit_chain WHERE seq = ?")?
        .query_row([next], stored)
        .optional()?;
    let Some(next) = next else { return Ok(false) };
    let hash = hash_of_row(connection, before.hash, next.row, next.event)?;
    Ok(hash == Some(next.at.hash))
}

/// The first row that is not in the chain as it should be.
fn outside(connection: &Connection, ends: &Ends) -> Result<Option<ChainFault>, StoreError> {
    let row = connection
        .prepare(
            "SELECT id FROM audit AS a WHERE id > ? AND NOT EXISTS (
                 SELECT 1 FROM audit_chain WHERE row = a.id
                 AND event = iif(a.result = 'started', 'begun', 'final')
             ) ORDER BY id LIMIT 1",
        )?
        .query_row([ends.unchained], |row| row.get(0))
        .optional()?;
    Ok(row.map(|row: i64| {
        ChainFault::new(
            Tampering::Inserted,
            Some(row),
            format!("row {row} was inserted"),
        )
    }))
}
