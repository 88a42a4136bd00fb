//! `#[derive(Record)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DataEnum, DataStruct, DeriveInput, Error, Ident};

pub(super) fn expand(input: &DeriveInput, named: bool) -> Result<TokenStream, Error> {
    match &input.data {
        Data::Struct(data) => of_struct(input, data, named),
        Data::Enum(data) => of_enum(input, data),
        Data::Union(_) => Err(Error::new_spanned(&input.ident, "a union is no record")),
    }
}

fn of_struct(input: &DeriveInput, data: &DataStruct, named: bool) -> Result<TokenStream, Error> {
    let camel = is_camel(&input.attrs)?;
    let (mut members, mut types) = (Vec::new(), Vec::new());
    let (mut names, mut required) = (Vec::new(), Vec::new());
    for field in &data.fields {
        let member = field.ident.as_ref();
        let member = member.ok_or_else(|| Error::new_spanned(field, "members have names"))?;
        let name = called(member, camel);
        if is_required(&field.attrs)? {
            required.push(name.clone());
        }
        names.push(name);
        members.push(member);
        types.push(&field.ty);
    }
    if !named {
        names.clear();
        required.clear();
    }
    // The reader has a bit for each.
    if members.len() > 64 {
        return Err(Error::new_spanned(
            &input.ident,
            "a record has up to 64 members",
        ));
    }
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter
            .bounds
            .push(syn::parse_quote!(crate::record::Json));
        parameter
            .bounds
            .push(syn::parse_quote!(::core::default::Default));
    }
    let name = &input.ident;
    let (of, arguments, bounds) = generics.split_for_impl();
    Ok(quote! {
        impl #of ::core::default::Default for #name #arguments #bounds {
            fn default() -> Self {
                Self { #(#members: ::core::default::Default::default()),* }
            }
        }
        impl #of crate::record::Record for #name #arguments #bounds {
            #[allow(unsafe_code, reason = "members are found by where they lie")]
            fn object(&mut self) -> crate::record::Object<'_> {
                // SAFETY: the members are those of the struct, each with its own type and offset.
                unsafe {
                    crate::record::Object::new(self, const {
                        &crate::record::Kind {
                            names: &[#(#names),*],
                            members: &[#(crate::record::Member::new::<#types>(
                                ::core::mem::offset_of!(Self, #members),
                            )),*],
                            required: &[#(#required),*],
                            layout: <Self as crate::record::Json>::LAYOUT,
                        }
                    })
                }
            }
        }
        impl #of crate::record::Json for #name #arguments #bounds {
            const LAYOUT: crate::record::Layout =
                crate::record::Layout::record(&[#(<#types as crate::record::Json>::LAYOUT),*]);
            fn shape(&mut self) -> crate::record::Shape<'_> {
                crate::record::Shape::Record(crate::record::Record::object(self))
            }
        }
    })
}

fn of_enum(input: &DeriveInput, data: &DataEnum) -> Result<TokenStream, Error> {
    let cases: Vec<&Ident> = data.variants.iter().map(|case| &case.ident).collect();
    let with_fields = data.variants.iter().find(|case| !case.fields.is_empty());
    let (None, Some(first)) = (with_fields, cases.first()) else {
        return Err(Error::new_spanned(
            &input.ident,
            "the cases of a choice have no fields",
        ));
    };
    let names = cases.iter().map(|case| snake(&case.to_string()));
    let places = 0..cases.len();
    let name = &input.ident;
    Ok(quote! {
        impl ::core::default::Default for #name {
            fn default() -> Self { Self::#first }
        }
        impl crate::record::Choice for #name {
            fn names(&self) -> &'static [&'static str] { &[#(#names),*] }
            fn place(&self) -> usize { *self as usize }
            fn choose(&mut self, place: usize) {
                *self = match place {
                    #(#places => Self::#cases,)*
                    _ => return,
                };
            }
        }
        impl crate::record::Json for #name {
            const LAYOUT: crate::record::Layout = crate::record::Layout::scalar(1);
            fn shape(&mut self) -> crate::record::Shape<'_> {
                crate::record::Shape::Choice(self)
            }
        }
    })
}

/// Whether `#[serde(rename_all = "camelCase")]` is among the attributes.
fn is_camel(attributes: &[Attribute]) -> Result<bool, Error> {
    let mut camel = false;
    for attribute in attributes.iter().filter(|one| one.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            let case: syn::LitStr = meta.value()?.parse()?;
            camel = meta.path.is_ident("rename_all") && case.value() == "camelCase";
            match camel {
                true => Ok(()),
                false => Err(meta.error("records know rename_all = \"camelCase\"")),
            }
        })?;
    }
    Ok(camel)
}

/// Whether `#[record(required)]` is among the attributes.
fn is_required(attributes: &[Attribute]) -> Result<bool, Error> {
    let mut required = false;
    for attribute in attributes
        .iter()
        .filter(|one| one.path().is_ident("record"))
    {
        attribute.parse_nested_meta(|meta| {
            required = meta.path.is_ident("required");
            match required {
                true => Ok(()),
                false => Err(meta.error("members may be `required`")),
            }
        })?;
    }
    Ok(required)
}

/// A member's name in JSON.
fn called(member: &Ident, camel: bool) -> String {
    let name = member.to_string();
    let name = name.strip_prefix("r#").unwrap_or(&name);
    if !camel {
        // wit-bindgen's way out where a name is a word of Rust.
        return name.trim_end_matches('_').to_owned();
    }
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        name.push_str(&word[..1].to_uppercase());
        name.push_str(&word[1..]);
        name
    })
}

/// `MeteredRead` as `metered_read`.
fn snake(case: &str) -> String {
    let mut name = String::new();
    for letter in case.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
