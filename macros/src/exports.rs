//! `exports!`.

use std::{env, path::PathBuf};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{
    Attribute, Error, Path, Token,
    parse::{Parse, ParseStream},
};
use wit_parser::{
    Resolve, WorldItem,
    abi::{AbiVariant, WasmType},
};

/// `gong_get_user => tools::get_user::run;`, once or more.
pub(super) struct Exports(Vec<Export>);

struct Export {
    attributes: Vec<Attribute>,
    name: Ident,
    run: Path,
}

impl Parse for Exports {
    fn parse(input: ParseStream<'_>) -> Result<Self, Error> {
        let mut exports = Vec::new();
        while !input.is_empty() {
            let attributes = input.call(Attribute::parse_outer)?;
            let name = input.parse()?;
            input.parse::<Token![=>]>()?;
            let run = input.parse()?;
            input.parse::<Token![;]>()?;
            exports.push(Export {
                attributes,
                name,
                run,
            });
        }
        Ok(Self(exports))
    }
}

/// Functions of the world `gong`, which has all tools, by what they are called in Rust.
struct World {
    resolve: Resolve,
    world: wit_parser::WorldId,
}

impl World {
    fn read() -> Result<Self, String> {
        let root = env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
        let mut resolve = Resolve::default();
        let (package, _) = resolve
            .push_dir(root.join("wit"))
            .map_err(|error| format!("{error:#}"))?;
        let world = resolve
            .select_world(&[package], Some("gong"))
            .map_err(|error| format!("{error:#}"))?;
        Ok(Self { resolve, world })
    }

    /// The core values that arguments come as, and whether they are one address instead.
    fn parameters(&self, name: &str) -> Option<(Vec<WasmType>, bool)> {
        let exports = self.resolve.worlds[self.world].exports.values();
        let mut functions = exports.filter_map(|item| match item {
            WorldItem::Function(function) => Some(function),
            _ => None,
        });
        let function = functions.find(|function| function.name == name)?;
        let signature = self
            .resolve
            .wasm_signature(AbiVariant::GuestExport, function);
        Some((signature.params, signature.indirect_params))
    }
}

pub(super) fn expand(exports: &Exports) -> Result<TokenStream, Error> {
    let failed = |text: String| Error::new(proc_macro2::Span::call_site(), text);
    let world = World::read().map_err(failed)?;
    let functions = exports.0.iter().map(|export| {
        let name = export.name.to_string().replace('_', "-");
        let parameters = world.parameters(&name);
        let (types, indirect) = parameters.ok_or_else(|| {
            Error::new_spanned(&export.name, format!("wit/world.wit exports no {name}"))
        })?;
        Ok(function(export, &name, &types, indirect))
    });
    functions.collect()
}

fn function(export: &Export, name: &str, types: &[WasmType], indirect: bool) -> TokenStream {
    let (attributes, run) = (&export.attributes, &export.run);
    let names: Vec<Ident> = (0..types.len()).map(|n| format_ident!("a{n}")).collect();
    let parameters = names.iter().zip(types).map(|(name, of)| match of {
        WasmType::I64 | WasmType::PointerOrI64 => quote!(#name: u64),
        WasmType::F32 => quote!(#name: f32),
        WasmType::F64 => quote!(#name: f64),
        _ if indirect => quote!(#name: *mut u8),
        _ => quote!(#name: u32),
    });
    let slots = names.iter().zip(types).map(|(name, of)| match of {
        WasmType::F32 => quote!(u64::from(#name.to_bits())),
        WasmType::F64 => quote!(#name.to_bits()),
        _ => quote!(#name as u64),
    });
    let place = match indirect {
        true => quote!(Place::memory(#(#names),*)),
        false => quote!(Place::slots(&[#(#slots),*])),
    };
    quote! {
        #(#attributes)*
        const _: () = {
            #[unsafe(export_name = #name)]
            unsafe extern "C" fn export(#(#parameters),*) -> *mut u8 {
                // SAFETY: the host calls by the signature of the WIT.
                unsafe { call(#place, #run) }
            }
        };
    }
}
