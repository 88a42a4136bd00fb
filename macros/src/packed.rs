//! `packed!`.

use std::{env, fs, io, path::PathBuf};

use lz4::block::{CompressionMode, compress};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::{Error, LitStr};

pub(super) fn expand(folder: &LitStr) -> Result<TokenStream, Error> {
    let failed = |error: io::Error| Error::new_spanned(folder, error);
    let root = env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    let files = fs::read_dir(root.join(folder.value())).map_err(failed)?;
    let files = files.map(|file| Ok(file?.path()));
    let mut files = files
        .collect::<io::Result<Vec<PathBuf>>>()
        .map_err(failed)?;
    files.sort();
    let mut lines = String::new();
    let mut read = Vec::new();
    for file in &files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let json = fs::read_to_string(file).map_err(failed)?;
        lines.push_str(&format!("{name} {}\n", without_layout(&json)));
        read.push(format!("/{}/{name}.json", folder.value()));
    }
    // Packed once and carried by every component: as small as the format allows.
    let small = Some(CompressionMode::HIGHCOMPRESSION(12));
    let packed = compress(lines.as_bytes(), small, true).map_err(failed)?;
    let packed = Literal::byte_string(&packed);
    // The unused constant makes cargo compile anew when a file changes.
    Ok(quote! {{
        const _: &[&str] = &[#(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), #read))),*];
        #packed
    }})
}

/// JSON without white space between its tokens.
fn without_layout(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    json.chars()
        .filter(|&c| {
            if in_text {
                (in_text, escaped) = (c != '"' || escaped, c == '\\' && !escaped);
                return true;
            }
            in_text = c == '"';
            !c.is_ascii_whitespace()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::without_layout;

    #[test]
    fn layout_goes_and_texts_stay() {
        assert_eq!(
            without_layout("{ \"a b\" : [ 1,\n 2 ], \"c\\\" d\": \"\\\\\" }"),
            "{\"a b\":[1,2],\"c\\\" d\":\"\\\\\"}"
        );
    }
}
