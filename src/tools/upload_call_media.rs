//! `gong_upload_call_media`. PUT /v2/calls/{id}/media; api:calls:create. Gong answers 201.

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

/// Most bytes of a file. Gong takes 1.5 GB, but base64 in JSON passes through a sandbox
/// of 64 MB in up to four copies of a third more than the file each; larger recordings
/// go by `download_media_url` of gong_create_call.
const MOST_BYTES: usize = 8 << 20;

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// File types that Gong names, by the file's ending.
const TYPES: [(&str, &str); 5] = [
    ("wav", "audio/wav"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mkv", "video/x-matroska"),
    ("flac", "audio/flac"),
];

/// Decodes, then uploads once.
pub(crate) fn run(gong: &Gong<'_>, args: UploadCallMedia) -> Result<Receipt, Error> {
    let call = call_id(&args.call)?;
    let name = validate::text("file_name", &args.file_name, 255)?;
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let content_type = ending.and_then(|ending| {
        let of = |(one, _): &&(&str, &str)| one.eq_ignore_ascii_case(ending);
        TYPES.iter().find(of).map(|(_, content_type)| *content_type)
    });
    let Some(content_type) = content_type else {
        return Err(bad_argument(
            "file_name",
            "its ending is none of wav, mp3, mp4, mkv, flac, the types that Gong takes.",
            "\"call.mp3\".",
        ));
    };
    let bytes = decoded(args.media)?;
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

/// The file's bytes. Takes the text, so that it is gone before the body is made.
fn decoded(media: String) -> Result<Vec<u8>, Error> {
    // Lines of 76 characters have a byte of two more each.
    let most = MOST_BYTES / 3 * 4 + MOST_BYTES / 18;
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
        count if count > MOST_BYTES => Err(too_large()),
        _ => Ok(bytes),
    }
}

fn too_large() -> Error {
    bad_argument(
        "media",
        &format!(
            "the file is larger than {} MB, which is what the sandbox has room for.",
            MOST_BYTES >> 20
        ),
        "a smaller file; or add the call with download_media_url, from where Gong fetches up to 1.5 GB.",
    )
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, decoded};

    #[test]
    fn base64_is_decoded_up_to_the_limit() {
        assert_eq!(decoded("UklGRg==".into()).expect("bytes"), b"RIFF");
        assert_eq!(decoded("UklG\r\nRg".into()).expect("bytes"), b"RIFF");
        for wrong in ["", " ", "data:audio/wav;base64,UklG", "Ukl*"] {
            assert!(decoded(wrong.into()).is_err(), "{wrong}");
        }
        let whole = "AAAA".repeat(MOST_BYTES / 3);
        assert!(decoded(whole.clone()).is_ok());
        assert!(decoded(whole + "AAAA").is_err());
    }
}
