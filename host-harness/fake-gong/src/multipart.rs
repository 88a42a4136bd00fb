//! Bodies of multipart/form-data, read by RFC 7578 and no laxer.

use axum::body::{Body, Bytes};
use http::HeaderMap;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use multer::Multipart;

use crate::request::Part;
use crate::response::ApiError;

/// The parts of a body in their order.
pub(crate) async fn parts(headers: &HeaderMap, body: Bytes) -> Result<Vec<Part>, ApiError> {
    let boundary = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .ok_or_else(ApiError::unsupported_media_type)
        .and_then(|kind| {
            multer::parse_boundary(kind).map_err(|error| match error {
                multer::Error::NoBoundary => bad_request("the content type has no boundary"),
                _ => ApiError::unsupported_media_type(),
            })
        })?;
    let mut form = Multipart::new(Body::from(body).into_data_stream(), boundary);
    let mut parts: Vec<Part> = Vec::new();
    while let Some(field) = form.next_field().await.map_err(bad_request)? {
        // The reader overlooks these three; a strict server does not.
        let disposition = field.headers().get(CONTENT_DISPOSITION);
        let is_form_data = disposition
            .and_then(|disposition| disposition.to_str().ok())
            .and_then(|disposition| disposition.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("form-data"));
        if !is_form_data {
            return Err(bad_request(
                "a part is not of Content-Disposition: form-data",
            ));
        }
        let name = field
            .name()
            .filter(|name| !name.is_empty())
            .ok_or_else(|| bad_request("a part has no name"))?
            .to_owned();
        if parts.iter().any(|part| part.name == name) {
            return Err(bad_request(format!("the part {name} is there twice")));
        }
        parts.push(Part {
            filename: field.file_name().map(str::to_owned),
            content_type: field.content_type().map(ToString::to_string),
            bytes: field.bytes().await.map_err(bad_request)?.to_vec(),
            name,
        });
    }
    Ok(parts)
}

fn bad_request(what: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!("Malformed multipart body: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(kind: &str, body: &str) -> Result<Vec<Part>, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        parts(&headers, Bytes::from(body.to_owned())).await
    }

    const KIND: &str = "multipart/form-data; boundary=b1";

    #[tokio::test]
    async fn a_part_has_its_name_file_type_and_bytes() {
        let body = "--b1\r\nContent-Disposition: form-data; name=\"dataFile\"; filename=\"a.ldjson\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n{}\r\n--b2\r\n\r\n--b1--\r\n";
        let parts = read(KIND, body).await.unwrap();
        let expected = Part {
            name: "dataFile".to_owned(),
            filename: Some("a.ldjson".to_owned()),
            content_type: Some("application/octet-stream".to_owned()),
            bytes: b"{}\r\n--b2\r\n".to_vec(),
        };
        assert_eq!(parts, [expected]);
    }

    #[tokio::test]
    async fn malformed_bodies_are_refused() {
        let part = "--b1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n";
        for (kind, body, status, message) in [
            ("application/json", "{}".to_owned(), 415, "Unsupported"),
            (
                "multipart/mixed; boundary=b1",
                format!("{part}--b1--"),
                415,
                "Unsupported",
            ),
            (
                "multipart/form-data",
                format!("{part}--b1--"),
                400,
                "no boundary",
            ),
            (KIND, part.to_owned(), 400, "incomplete"),
            (KIND, String::new(), 400, "incomplete"),
            (KIND, part.replace('\r', ""), 400, "incomplete"),
            (
                KIND,
                part.replace("form-data", "attachment") + "--b1--",
                400,
                "Content-Disposition",
            ),
            (
                KIND,
                part.replace("; name=\"a\"", "") + "--b1--",
                400,
                "has no name",
            ),
            (KIND, format!("{part}{part}--b1--"), 400, "there twice"),
        ] {
            let error = read(kind, &body).await.unwrap_err();
            assert_eq!(error.status, status, "{body}");
            assert!(error.errors[0].contains(message), "{}", error.errors[0]);
        }
    }
}
