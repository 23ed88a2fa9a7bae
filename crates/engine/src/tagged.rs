//! How values that carry their kind's name are read: `{"op": "conv2d", "out_ch": 8}`.
//!
//! What serde derives for such an enum is made anew for every format, and is large where there are many kinds.
//! Here the text becomes a JSON value first, whatever it came from, and the name picks the one reader of its kind.

use serde_json::Value;

/// The name under `tag`, and the rest.
///
/// # Errors
/// Something else than an object with a name.
pub(crate) fn parts(mut value: Value, tag: &str) -> Result<(String, Value), String> {
    let object = value.as_object_mut().ok_or_else(|| format!("expected an object with `{tag}`"))?;
    match object.remove(tag) {
        Some(Value::String(name)) => Ok((name, value)),
        Some(other) => Err(format!("`{tag}` is {other}, but must be a name")),
        None => Err(format!("missing field `{tag}`")),
    }
}

/// What a name that is in no list is answered with.
pub(crate) fn unknown(name: &str, kinds: &mut dyn Iterator<Item = &'static str>) -> String {
    format!("unknown variant `{name}`, expected one of {}", kinds.map(|k| format!("`{}`", snake(k))).collect::<Vec<_>>().join(", "))
}

/// `CrossEntropy` as `cross_entropy`: what serde makes of a variant's name.
pub(crate) fn snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// Reads `$spec`, an enum of one-field variants named as their content, by the name under `$tag`.
macro_rules! read_by_name {
    ($spec:ident, $tag:literal, $($settings:ident),+ $(,)?) => {
        impl $crate::json::Read for $spec {
            fn read(value: serde_json::Value) -> Result<Self, serde_json::Error> {
                type Reader = fn(serde_json::Value) -> Result<$spec, serde_json::Error>;
                const KINDS: &[(&str, Reader)] =
                    &[$((stringify!($settings), |value| $crate::json::Read::read(value).map($spec::$settings))),+];
                let (name, rest) = $crate::tagged::parts(value, $tag).map_err(serde::de::Error::custom)?;
                match KINDS.iter().find(|(kind, _)| $crate::tagged::snake(kind) == name) {
                    Some((_, read)) => read(rest),
                    None => Err(serde::de::Error::custom($crate::tagged::unknown(&name, &mut KINDS.iter().map(|(kind, _)| *kind)))),
                }
            }
        }

        $crate::json::for_serde!($spec);
    };
}
pub(crate) use read_by_name;

#[cfg(test)]
mod tests {
    use super::snake;

    #[test]
    fn names_are_those_of_serde() {
        assert_eq!(
            ["Add", "CrossEntropy", "Conv2d", "L1", "BceWithLogits"].map(snake),
            ["add", "cross_entropy", "conv2d", "l1", "bce_with_logits"]
        );
    }
}
