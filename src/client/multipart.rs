//! Files in requests: multipart/form-data with one part (RFC 7578).

use alloc::borrow::Cow;

use crate::prelude::*;

/// The one part of a multipart body.
pub(crate) struct File {
    /// The part's name, as Gong documents it.
    pub(crate) part: &'static str,
    /// The file's name, which Gong requires.
    pub(crate) name: Cow<'static, str>,
    /// Such as `text/csv`.
    pub(crate) content_type: &'static str,
    /// The content.
    pub(crate) bytes: Vec<u8>,
}

/// A boundary that the file does not contain: it is made longer until that holds.
fn boundary(bytes: &[u8]) -> String {
    let mut boundary = "gong-tools-part".to_owned();
    while bytes
        .windows(boundary.len())
        .any(|window| window == boundary.as_bytes())
    {
        boundary.push('-');
        boundary.push_str(&boundary.len().to_string());
    }
    boundary
}

impl File {
    /// Content type and bytes of the whole body.
    pub(crate) fn encoded(&self) -> (String, Vec<u8>) {
        let boundary = boundary(&self.bytes);
        let name: String = self
            .name
            .chars()
            .map(|c| {
                if c.is_control() || matches!(c, '"' | '\\') {
                    '_'
                } else {
                    c
                }
            })
            .collect();
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{name}\"\r\nContent-Type: {}\r\n\r\n",
            self.part, self.content_type
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        // Allocated at once: a vector that grows would hold a large file up to three times.
        let mut body = Vec::with_capacity(head.len() + self.bytes.len() + tail.len());
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&self.bytes);
        body.extend_from_slice(tail.as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }
}

#[cfg(test)]
mod tests {
    use super::{File, boundary};

    #[test]
    fn a_file_is_one_part_whatever_is_in_it() {
        let file = File {
            part: "dataFile",
            name: "a\"b\r\n.json".into(),
            content_type: "application/x-ndjson",
            bytes: b"{\"a\":1}\n".to_vec(),
        };
        let (content_type, body) = file.encoded();
        assert_eq!(
            content_type,
            "multipart/form-data; boundary=gong-tools-part"
        );
        assert_eq!(
            String::from_utf8(body).expect("UTF-8"),
            "--gong-tools-part\r\nContent-Disposition: form-data; name=\"dataFile\"; filename=\"a_b__.json\"\r\n\
             Content-Type: application/x-ndjson\r\n\r\n{\"a\":1}\n\r\n--gong-tools-part--\r\n"
        );
        assert_eq!(boundary(b"x gong-tools-part y"), "gong-tools-part-16");
    }
}
