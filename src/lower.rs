//! Lower case, for comparing.

use alloc::string::String;

/// What has a lower case.
pub(crate) trait Lower {
    /// It in lower case, the two small sigmas as one. In little code: `str::to_lowercase` looks
    /// at sixteen bytes at a time, and at where words end.
    fn lower(&self) -> String;
}

impl Lower for str {
    fn lower(&self) -> String {
        let small = self.chars().flat_map(char::to_lowercase);
        small.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Lower as _;

    #[test]
    fn greek_words_are_found_however_they_are_written() {
        assert_eq!(
            "ΟΔΥΣΣΕΥΣ Élan".lower(),
            "Οδυσσεύς élan".lower().replace('ύ', "υ")
        );
        assert_eq!("İstanbul".lower(), "i\u{307}stanbul");
    }
}
