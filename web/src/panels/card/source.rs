//! A WGSL file as it is read: numbered lines, comments set back.

use leptos::prelude::*;

/// A line as code and comment. (WGSL has no texts that could hold the two strokes.)
fn split(line: &str) -> (&str, &str) {
    line.find("//").map_or((line, ""), |at| line.split_at(at))
}

/// What the file says of itself first.
pub fn summary(text: &str) -> &str {
    text.lines().next().and_then(|line| line.strip_prefix("//")).unwrap_or_default().trim().trim_end_matches([':', ','])
}

/// Its numbers are made by the style, so that they are not copied along.
#[component]
pub fn Source(#[prop(into)] text: String) -> impl IntoView {
    let lines = text
        .lines()
        .map(|line| {
            let (code, comment) = split(line);
            let comment = (!comment.is_empty()).then(|| view! { <i>{comment.to_owned()}</i> });
            view! { <span class="card-line">{code.to_owned()}{comment}"\n"</span> }
        })
        .collect_view();
    view! { <code>{lines}</code> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_begin_at_the_strokes() {
        assert_eq!(split("    let x = 1u; // one"), ("    let x = 1u; ", "// one"));
        assert_eq!(split("a / b"), ("a / b", ""));
        assert_eq!(summary("// What it does.\nalias Stored = f32;\n"), "What it does.");
        assert_eq!(summary("// Its formula:\n"), "Its formula");
        assert_eq!(summary("fn main() {}"), "");
    }
}
