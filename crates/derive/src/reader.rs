//! The reader as code.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, FieldsNamed, Result, Variant};

use crate::attributes::{Container, Field, snake};

pub fn of(input: &DeriveInput) -> Result<TokenStream> {
    if let Some(parameter) = input.generics.params.first() {
        return Err(Error::new_spanned(parameter, "`Read` is for types without parameters"));
    }
    let container = Container::of(&input.attrs)?;
    let name = &input.ident;
    let body = match (&input.data, &container.from) {
        (_, Some(from)) => quote! { <#from as ::engine::json::Read>::read(value).map(<Self as ::core::convert::From<#from>>::from) },
        (Data::Struct(of), None) => whole(&of.fields, &container, &name.to_string())?,
        (Data::Enum(of), None) => choice(of, &container)?,
        (Data::Union(_), None) => return Err(Error::new_spanned(name, "`Read` is for structs and enums")),
    };
    Ok(quote! {
        #[automatically_derived]
        impl ::engine::json::Read for #name {
            #[inline(never)] // Or it stands in the reader of every field and list of this type.
            fn read(value: ::engine::json::Value) -> ::core::result::Result<Self, ::engine::json::Error> {
                #body
            }
        }

        #[automatically_derived]
        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> ::core::result::Result<Self, D::Error> {
                ::engine::json::deserialize(from)
            }
        }
    })
}

/// A struct.
fn whole(fields: &Fields, container: &Container, name: &str) -> Result<TokenStream> {
    match fields {
        Fields::Named(fields) if container.transparent && fields.named.len() == 1 => {
            let inner = fields.named.iter().map(|f| &f.ident);
            Ok(quote! { ::core::result::Result::Ok(Self { #(#inner: ::engine::json::Read::read(value)?)* }) })
        }
        Fields::Named(fields) => {
            let expected = format!("struct {name}");
            let usual = container.default.then(|| quote! { let usual = <Self as ::core::default::Default>::default(); });
            let content = named(fields, container, &quote! { Self }, &expected, &quote! { value })?;
            Ok(quote! { #usual ::core::result::Result::Ok(#content) })
        }
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            Ok(quote! { ::core::result::Result::Ok(Self(::engine::json::Read::read(value)?)) })
        }
        other => Err(Error::new_spanned(other, "`Read` is for named fields, or one without a name")),
    }
}

/// `{ a: …, b: … }`, from the object that `value` gives.
fn named(fields: &FieldsNamed, container: &Container, path: &TokenStream, expected: &str, value: &TokenStream) -> Result<TokenStream> {
    let names: Vec<String> = fields.named.iter().filter_map(|f| f.ident.as_ref()).map(ToString::to_string).collect();
    let mut taken = Vec::new();
    for (at, field) in fields.named.iter().enumerate() {
        let said = Field::of(&field.attrs)?;
        let ident = &field.ident;
        let usual = match (said.default, container.default) {
            (true, _) => Some(quote! { ::core::default::Default::default() }),
            (false, true) => Some(quote! { usual.#ident }),
            (false, false) => None,
        };
        let by = match &said.with {
            Some(module) => Some(quote! { #module::deserialize }),
            None => said.by_serde.then(|| quote! { ::serde::Deserialize::deserialize }),
        };
        let reading = match (by, usual) {
            (None, None) => quote! { fields.take(#at)? },
            (None, Some(usual)) => quote! { fields.take_or(#at, #usual)? },
            (Some(by), None) => quote! { fields.take_by(#at, ::core::option::Option::None, #by)? },
            (Some(by), Some(usual)) => quote! { fields.take_by(#at, ::core::option::Option::Some(#usual), #by)? },
        };
        taken.push(quote! { #ident: #reading });
    }
    let deny = container.deny_unknown;
    let mutable = (!taken.is_empty()).then(|| quote! { mut });
    let unused = taken.is_empty().then(|| quote! { let _ = fields; });
    Ok(quote! {{
        let #mutable fields = ::engine::json::Fields::of(#value, #expected, &[#(#names),*], #deny)?;
        #unused
        #path { #(#taken),* }
    }})
}

/// An enum: by the only key of an object or, of a variant without content, a text; or by what stands under `tag`.
fn choice(of: &DataEnum, container: &Container) -> Result<TokenStream> {
    let names: Vec<String> =
        of.variants.iter().map(|v| if container.snake_case { snake(&v.ident.to_string()) } else { v.ident.to_string() }).collect();
    let split = match &container.tag {
        Some(tag) => quote! { ::engine::json::tagged(value, #tag, NAMES)? },
        None => quote! { ::engine::json::variant(value, NAMES)? },
    };
    let mut arms = Vec::new();
    for (at, variant) in of.variants.iter().enumerate() {
        let reading = content(variant, container)?;
        let pattern = if at + 1 == of.variants.len() {
            quote! { _ }
        } else {
            quote! { #at }
        };
        arms.push(quote! { #pattern => #reading });
    }
    Ok(quote! {
        const NAMES: &[&str] = &[#(#names),*];
        let (at, content) = #split;
        ::core::result::Result::Ok(match at { #(#arms),* })
    })
}

fn content(variant: &Variant, container: &Container) -> Result<TokenStream> {
    let ident = &variant.ident;
    match &variant.fields {
        // Under a tag there is always an object, with nothing in it that is asked for.
        Fields::Unit if container.tag.is_some() => Ok(quote! {{ let _ = content; Self::#ident }}),
        Fields::Unit => Ok(quote! {{ ::engine::json::nothing(&content)?; Self::#ident }}),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Ok(quote! { Self::#ident(::engine::json::Read::read(content)?) }),
        Fields::Named(fields) => {
            let own = Container { deny_unknown: container.deny_unknown, ..Container::default() };
            named(fields, &own, &quote! { Self::#ident }, "struct variant", &quote! { content })
        }
        other => Err(Error::new_spanned(other, "`Read` is for variants with named fields, one without a name, or none")),
    }
}
