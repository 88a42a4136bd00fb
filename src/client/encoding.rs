//! Bodies that Gong, or something on the way, sends compressed.

use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::{error::Error, prelude::*};

/// The longest answer that is unpacked; `transport.rs` reads no longer one either.
pub(crate) const MOST_BYTES: usize = 16 << 20;

/// The body, unpacked if it is compressed.
///
/// # Errors
/// `unreachable` where it is cut off or damaged, `unexpected-answer` for another encoding than gzip and
/// for an answer that is too long.
pub(super) fn decoded(encoding: Option<&str>, body: Vec<u8>) -> Result<Vec<u8>, Error> {
    match encoding
        .map(|name| name.trim().to_ascii_lowercase())
        .as_deref()
    {
        None | Some("" | "identity") => Ok(body),
        Some("gzip" | "x-gzip") if body.is_empty() => Ok(body),
        Some("gzip" | "x-gzip") => gunzip(&body),
        Some(other) => Err(Error::unexpected_answer(format!(
            "Gong's answer is encoded as {}, which was not requested: check any proxy on the way.",
            crate::text::shortened(other)
        ))),
    }
}

/// Unpacks a file as of RFC 1952.
fn gunzip(file: &[u8]) -> Result<Vec<u8>, Error> {
    let damaged = || {
        Error::unreachable("Gong's answer broke off: its gzip is cut off or damaged.".to_owned())
            .adding("Try again.")
    };
    let (deflated, checksum) = contents(file).ok_or_else(damaged)?;
    let body = decompress_to_vec_with_limit(deflated, MOST_BYTES).map_err(|error| {
        match error.output.len() >= MOST_BYTES {
            true => too_large(),
            false => damaged(),
        }
    })?;
    match crc32fast::hash(&body) == checksum {
        true => Ok(body),
        false => Err(damaged()),
    }
}

/// The error for an answer that is longer than [`MOST_BYTES`].
pub(crate) fn too_large() -> Error {
    Error::unexpected_answer(format!(
        "The answer is larger than {} MB, more than Gong is known to send.",
        MOST_BYTES >> 20
    ))
    .adding("Ask for less, such as a shorter range.")
}

/// The deflated part of a gzip file, and the checksum of what is in it.
fn contents(file: &[u8]) -> Option<(&[u8], u32)> {
    let (head, mut rest) = file.split_at_checked(10)?;
    let flags = head.strip_prefix(b"\x1f\x8b\x08")?[0];
    if flags & 4 != 0 {
        let (length, extra) = rest.split_first_chunk()?;
        rest = extra.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let end = rest.iter().position(|&byte| byte == 0)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    let (deflated, trailer) = rest.split_last_chunk::<8>()?;
    let (checksum, _) = trailer.split_first_chunk()?;
    Some((deflated, u32::from_le_bytes(*checksum)))
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec;

    use super::{MOST_BYTES, decoded};
    use crate::{error::Case, prelude::*};

    /// A gzip file with every optional part of its head.
    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut file = Vec::from(*b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x02\0ABname\0comment\0\0\0");
        file.extend(compress_to_vec(body, 6));
        file.extend(crc32fast::hash(body).to_le_bytes());
        file.extend((body.len() as u32).to_le_bytes());
        file
    }

    #[test]
    fn gzip_is_read_and_what_is_damaged_is_an_error() {
        let body = r#"{"requestId": "r", "calls": []}"#.repeat(50).into_bytes();
        let file = gzip(&body);
        assert!(file.len() < body.len() / 5);
        for name in ["gzip", " GZIP", "x-gzip"] {
            assert_eq!(decoded(Some(name), file.clone()).expect(name), body);
        }
        assert_eq!(
            decoded(Some("identity"), body.clone()).expect("plain"),
            body
        );
        assert!(decoded(Some("gzip"), Vec::new()).expect("empty").is_empty());
        for end in 1..file.len() {
            let error = decoded(Some("gzip"), file[..end].to_vec()).expect_err("cut off");
            assert_eq!(error.case(), Case::Unreachable, "{end}");
        }
        let mut other = file;
        let last = other.len() - 5;
        other[last] ^= 1;
        assert!(decoded(Some("gzip"), other).is_err());
        let brotli = decoded(Some("br"), body).expect_err("not gzip");
        assert!(brotli.text().contains("encoded as br"), "{}", brotli.text());
    }

    #[test]
    fn a_small_file_does_not_become_a_large_answer() {
        let bomb = gzip(&vec![b' '; MOST_BYTES + 1]);
        let error = decoded(Some("gzip"), bomb).expect_err("too large");
        assert!(
            error.text().contains("larger than 16 MB"),
            "{}",
            error.text()
        );
    }
}
