//! What the attributes say.

use syn::{Attribute, LitStr, Path, Result, Type, meta::ParseNestedMeta};

/// Of a type.
#[derive(Default)]
pub struct Container {
    pub default: bool,
    pub deny_unknown: bool,
    pub transparent: bool,
    pub snake_case: bool,
    pub from: Option<Type>,
    pub tag: Option<String>,
}

/// Of a field.
#[derive(Default)]
pub struct Field {
    pub default: bool,
    /// A module whose `deserialize` reads it.
    pub with: Option<Path>,
    /// Its type has serde's reader alone.
    pub by_serde: bool,
}

fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    meta.value()?.parse()
}

impl Container {
    pub fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut all = Self::default();
        for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| {
                let name = meta.path.require_ident()?.to_string();
                match name.as_str() {
                    "default" => all.default = true,
                    "deny_unknown_fields" => all.deny_unknown = true,
                    "transparent" => all.transparent = true,
                    "from" => all.from = Some(text(&meta)?.parse()?),
                    "tag" => all.tag = Some(text(&meta)?.value()),
                    "rename_all" if text(&meta)?.value() == "snake_case" => all.snake_case = true,
                    "into" => drop(text(&meta)?),
                    _ => return Err(meta.error("not understood by `Read`")),
                }
                Ok(())
            })?;
        }
        Ok(all)
    }
}

impl Field {
    pub fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut all = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("serde") {
                attribute.parse_nested_meta(|meta| {
                    let name = meta.path.require_ident()?.to_string();
                    match name.as_str() {
                        "default" if !meta.input.peek(syn::Token![=]) => all.default = true,
                        "with" => all.with = Some(text(&meta)?.parse()?),
                        "skip_serializing_if" => drop(text(&meta)?),
                        _ => return Err(meta.error("not understood by `Read`")),
                    }
                    Ok(())
                })?;
            } else if attribute.path().is_ident("read") {
                attribute.parse_nested_meta(|meta| {
                    all.by_serde = meta.path.is_ident("serde");
                    if all.by_serde { Ok(()) } else { Err(meta.error("`Read` knows `serde` alone")) }
                })?;
            }
        }
        Ok(all)
    }
}

/// A variant's name as serde writes it: `DigitsAndOwn` as `digits_and_own`.
pub fn snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}
