//! Networks as other programs write them.
//!
//! ```text
//! Graph --tree--> layers --table--> what each is there --pytorch, keras, onnx--> a file
//! ```
//!
//! What an operator is called elsewhere stands in one place, `table`; the writers know no operator but the joins.
//! Evaluation is what agrees: an ONNX file holds nothing else, and in training other programs draw other numbers.

mod keras;
mod onnx;
mod proto;
mod pytorch;
mod table;
mod tree;

use engine::ModelSpec;

pub use keras::keras;
pub use onnx::onnx;
pub use pytorch::pytorch;

/// A network's numbers, as the engine keeps them.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    pub params: &'a [f32],
    /// Running statistics.
    pub state: &'a [f32],
}

/// Why a network cannot be written so.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExchangeError {
    #[error("`{layer}`: what `{op}` is called elsewhere is not known")]
    Unknown { layer: String, op: String },
    #[error("`{layer}` (`{op}`): {cause}")]
    Setting { layer: String, op: String, cause: String },
    #[error("`{layer}` (`{op}`): {peer} {cause}")]
    Missing { layer: String, op: String, peer: &'static str, cause: String },
    #[error("the network has {wanted} numbers, but {found} were given")]
    Numbers { wanted: usize, found: usize },
    #[error("the network cannot be written as JSON: {cause}")]
    Json { cause: String },
}

/// The specification, as `--spec` reads it; of a network that is none yet, too.
pub fn json(spec: &ModelSpec) -> Result<String, ExchangeError> {
    engine::json::write(spec).map(|text| indented(&text) + "\n").map_err(|e| ExchangeError::Json { cause: e.to_string() })
}

/// JSON without blanks, laid out in lines: what serde's own layout gives, without a writer made for it.
fn indented(text: &str) -> String {
    let mut out = String::with_capacity(2 * text.len());
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut letters = text.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str("  "));
    };
    while let Some(c) = letters.next() {
        if in_text {
            out.push(c);
            in_text = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '{' | '[' => {
                out.push(c);
                if let Some(end) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_text = c == '"';
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use engine::presets::PRESETS;

    #[test]
    fn json_is_laid_out_as_usual() {
        for preset in PRESETS {
            let model = preset.model();
            assert_eq!(super::json(&model).unwrap(), serde_json::to_string_pretty(&model).unwrap() + "\n", "{}", preset.slug);
        }
        let odd = serde_json::json!({ "a \"b\\": [[], {}, ["{[,:]}\n"]], "c": null });
        assert_eq!(super::indented(&odd.to_string()), serde_json::to_string_pretty(&odd).unwrap());
    }
}
