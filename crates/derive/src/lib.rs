//! `#[derive(Read)]` writes the reader of a type: `engine::json::Read`, and serde's `Deserialize` by way of it.
//!
//! It reads what serde's own derive would, and understands those of serde's attributes that are used here; but what it
//! writes is a fraction of the size, since all that is alike is called, not written out once more for every type.

mod attributes;
mod reader;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// The reader of a struct or enum without type parameters.
///
/// Of serde's attributes: `default`, `deny_unknown_fields`, `transparent`, `from`, `tag`, `rename_all = "snake_case"` of an
/// enum; of a field: `default`, `with`. What concerns writing alone is passed over, anything else is an error. A field
/// whose type has serde's reader alone is marked `#[read(serde)]`.
#[proc_macro_derive(Read, attributes(serde, read))]
pub fn read(input: TokenStream) -> TokenStream {
    reader::of(&parse_macro_input!(input as DeriveInput)).unwrap_or_else(|error| error.to_compile_error()).into()
}
