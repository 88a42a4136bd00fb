//! `gong_upload_call_media`. PUT /v2/calls/{id}/media; api:calls:create.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::{
    client::{Gong, multipart::File, request::Method},
    domain::{
        change::{self, Body, Change},
        validate,
    },
    error::{Error, bad_argument},
    gong::id::call_id,
    json_ext::JsonExt,
    prelude::*,
    wit::{calls::UploadCallMedia, types::Receipt},
};

/// The largest file, in bytes. Gong accepts 1.5 GB, but a sandbox of 64 MB holds the argument's
/// base64, a third larger than the file, in up to four copies. Gong can download larger recordings
/// itself: `download_media_url` of gong_create_call.
const MAX_BYTES: usize = 8 << 20;

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Content types of the files that Gong accepts, by file name extension.
const TYPES: [(&str, &str); 5] = [
    ("wav", "audio/wav"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mkv", "video/x-matroska"),
    ("flac", "audio/flac"),
];

/// Decodes the file, then uploads it once.
pub(crate) fn run(gong: &Gong<'_>, args: UploadCallMedia) -> Result<Receipt, Error> {
    let call = call_id(&args.call)?;
    let name = validate::text("file_name", &args.file_name, 255)?;
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let content_type = TYPES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(extension))
        .map(|(_, content_type)| *content_type);
    let Some(content_type) = content_type else {
        return Err(bad_argument(
            "file_name",
            "its ending is none of wav, mp3, mp4, mkv, flac, the types that Gong takes.",
            "\"call.mp3\".",
        ));
    };
    let bytes = decode(args.media)?;
    let change = Change {
        what: format!(
            "upload {name} ({} bytes) as the recording of call {call}",
            bytes.len()
        ),
        method: Method::Put,
        operation: "/v2/calls/{id}/media",
        path: format!("/v2/calls/{call}/media"),
        body: Body::File(File {
            part: "mediaFile",
            name: name.into(),
            content_type,
            bytes,
        }),
        look: "gong_get_call shows the call once its recording is processed",
    };
    change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = answer.id("callId");
        receipt.url = answer.text("url");
        receipt.notes.push(
            "Gong processes the recording now; gong_get_call and gong_get_transcript have it later."
                .into(),
        );
    })
}

/// Decodes the file. Takes the text by value, so that it is freed before the body is built.
fn decode(media: String) -> Result<Vec<u8>, Error> {
    // Base64 is a third larger, and may have line breaks of two bytes after every 76 characters.
    let most = MAX_BYTES / 3 * 4 + MAX_BYTES / 18;
    if media.len() > most {
        return Err(too_large());
    }
    let text = match media.contains(|c: char| c.is_ascii_whitespace()) {
        true => {
            let mut text = String::with_capacity(media.len());
            text.extend(media.split_ascii_whitespace());
            text
        }
        false => media,
    };
    let decoded = BASE64.decode(text.as_bytes());
    let bytes = decoded.map_err(|error| {
        bad_argument(
            "media",
            &format!("it is not base64 ({error})."),
            "\"UklGRg==\", the file's bytes in base64, without data: before them.",
        )
    })?;
    match bytes.len() {
        0 => Err(bad_argument(
            "media",
            "it is empty.",
            "\"UklGRg==\", the file's bytes in base64.",
        )),
        count if count > MAX_BYTES => Err(too_large()),
        _ => Ok(bytes),
    }
}

fn too_large() -> Error {
    bad_argument(
        "media",
        &format!(
            "the file is larger than {} MB, which is what the sandbox has room for.",
            MAX_BYTES >> 20
        ),
        "a smaller file; or add the call with download_media_url, from where Gong fetches up to 1.5 GB.",
    )
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, decode};

    #[test]
    fn base64_is_decoded_up_to_the_limit() {
        assert_eq!(decode("UklGRg==".into()).expect("bytes"), b"RIFF");
        assert_eq!(decode("UklG\r\nRg".into()).expect("bytes"), b"RIFF");
        for wrong in ["", " ", "data:audio/wav;base64,UklG", "Ukl*"] {
            assert!(decode(wrong.into()).is_err(), "{wrong}");
        }
        let whole = "AAAA".repeat(MAX_BYTES / 3);
        assert!(decode(whole.clone()).is_ok());
        assert!(decode(whole + "AAAA").is_err());
    }
}
