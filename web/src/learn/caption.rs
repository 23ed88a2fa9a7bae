//! Text in which words name parts of the figure.

use leptos::prelude::*;

use super::desk::Desk;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Plain(&'a str),
    /// The name of a part, and the words for it.
    Mark(&'a str, &'a str),
}

/// The pieces of `a [kernel|kernel] slides`.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, inside, after)) = rest.split_once('[').and_then(|(b, r)| r.split_once(']').map(|(i, a)| (b, i, a))) {
        let Some((mark, words)) = inside.split_once('|') else { break };
        if !before.is_empty() {
            found.push(Piece::Plain(before));
        }
        found.push(Piece::Mark(mark, words));
        rest = after;
    }
    if !rest.is_empty() {
        found.push(Piece::Plain(rest));
    }
    found
}

/// The words alone.
pub fn plain(text: &str) -> String {
    pieces(text)
        .iter()
        .map(|piece| match piece {
            Piece::Plain(words) | Piece::Mark(_, words) => *words,
        })
        .collect()
}

/// Words with the colour of what they name; pointing at them lights it.
pub fn caption(desk: Desk, text: &'static str) -> AnyView {
    let piece = move |piece: Piece<'static>| match piece {
        Piece::Plain(words) => view! { {words} }.into_any(),
        Piece::Mark(mark, words) => {
            let light = move |on: bool| desk.pointed.set(if on { mark } else { "" });
            view! {
                <span class=format!("mark mark-{mark}") tabindex="-1" on:pointerenter=move |_| light(true) on:pointerleave=move |_| light(false)>{words}</span>
            }
            .into_any()
        }
    };
    pieces(text).into_iter().map(piece).collect_view().into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_marks() {
        let text = "The [kernel|small one] slides over [input|the image].";
        let want = [
            Piece::Plain("The "),
            Piece::Mark("kernel", "small one"),
            Piece::Plain(" slides over "),
            Piece::Mark("input", "the image"),
            Piece::Plain("."),
        ];
        assert_eq!(pieces(text), want);
        assert_eq!(plain(text), "The small one slides over the image.");
        assert_eq!(pieces("1 [no mark] 2"), [Piece::Plain("1 [no mark] 2")]);
    }
}
