//! The filter by language: codes as arguments have them, for those that Gong writes.

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
};

/// The languages of Gong's transcripts (`languageCode` of POST /v2/calls): the code of ISO 639-1, if
/// any, then that of 639-2. Where that has two, for terminology and for bibliography, either means both:
/// Gong's specification names the second.
const LANGUAGES: &str = "af afr,am amh,ar ara,az aze,bg bul,bn ben,bs bos,ca cat,cs ces cze,da dan,\
    de deu ger,el ell gre,en eng,es spa,et est,eu eus baq,fa fas per,fi fin,tl fil tgl,fr fra fre,\
    gl glg,gu guj,he heb,hi hin,hr hrv,hu hun,hy hye arm,id ind,is isl ice,it ita,ja jpn,jv jav,\
    ka kat geo,kk kaz,km khm,kn kan,ko kor,lo lao,lt lit,lv lav,mk mkd mac,ml mal,mn mon,mr mar,\
    ms msa may,my mya bur,ne nep,nl nld dut,no nor,pa pan,pl pol,pt por,ro ron rum,ru rus,si sin,\
    sk slk slo,sl slv,sq sqi alb,sr srp,su sun,sv swe,sw swa,ta tam,te tel,th tha,tr tur,uk ukr,\
    ur urd,uz uzb,vi vie,zh zho chi,zu zul";

/// Codes of three letters in lower case, one of which a call's language has to be.
pub(super) fn codes(argument: &str) -> Result<Vec<String>, Error> {
    let text = argument.trim().to_ascii_lowercase();
    let mut parts = text.split(['-', '_']);
    let code = parts.next().unwrap_or_default();
    // `en-US`, `es-419`, `zh-Hant-TW`
    let is_region = |part: &str| {
        let (letters, digits) = (u8::is_ascii_alphabetic, u8::is_ascii_digit);
        match part.len() {
            2 | 4 => part.as_bytes().iter().all(letters),
            3 => part.as_bytes().iter().all(digits),
            _ => false,
        }
    };
    let known = LANGUAGES
        .split(',')
        .map(|language| language.split(' '))
        .find(|language| language.clone().any(|one| one == code));
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_lowercase());
    match known {
        _ if !parts.all(is_region) => {}
        Some(language) => {
            let three = language.filter(|one| one.len() == 3);
            return Ok(three.map(str::to_owned).collect());
        }
        // A language that Gong may have by now, or `und`.
        None if is_code => return Ok([code.to_owned()].into()),
        None => {}
    }
    Err(bad_argument(
        "language",
        &format!("“{}” is not the code of one language.", shortened(argument)),
        "\"eng\" (also \"en\" or \"en-US\").",
    ))
}

#[cfg(test)]
mod tests {
    use super::{LANGUAGES, codes};
    use crate::prelude::*;

    #[test]
    fn a_language_has_codes_of_three_letters() {
        for (text, known) in [
            ("eng", "eng"),
            (" ENG ", "eng"),
            ("en", "eng"),
            ("en-US", "eng"),
            ("en_gb", "eng"),
            ("es-419", "spa"),
            ("pa-Guru-IN", "pan"),
            ("fil-PH", "fil tgl"),
            ("de", "deu ger"),
            ("deu", "deu ger"),
            ("fre", "fra fre"),
            ("yue-Hant-HK", "yue"),
            ("und", "und"),
        ] {
            assert_eq!(codes(text).expect(text).join(" "), known, "{text}");
        }
        for wrong in ["English", "eng,deu", "xx", "e", "eng-deu", "en-", "日本語"] {
            let error = codes(wrong).expect_err(wrong).into_text();
            assert!(
                error.contains(wrong) && error.contains("\"eng\""),
                "{error}"
            );
        }
    }

    #[test]
    fn every_code_belongs_to_one_language() {
        let mut all: Vec<&str> = LANGUAGES.split([',', ' ']).collect();
        assert!(all.iter().all(|code| matches!(code.len(), 2 | 3)));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
