//! Layers that a pointer holds: mouse, finger or pen, by the same events.

use engine::ModelSpec;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};

use super::{
    Bench,
    palette::Made,
    rows::{Item, Row},
};

/// A press becomes a pull after so many pixels.
const SLACK: i32 = 6;
/// So near to the edge of what scrolls, it scrolls.
const EDGE: f64 = 48.0;
const SCROLL: i32 = 10;

/// What is held.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// A layer of the list.
    Layer(Vec<usize>),
    /// Something new.
    New(Made),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pull {
    held: Held,
    from: (i32, i32),
    at: (i32, i32),
    /// The pointer has left the place where it was pressed.
    moving: bool,
}

/// Half of a line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub row: usize,
    pub side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Above,
    Below,
}

/// The gap that half a line stands for.
pub fn gap(model: &ModelSpec, row: &Row, side: Side) -> Option<Vec<usize>> {
    let (last, list) = row.place.split_last()?;
    let first_of = |branch: &[usize]| [branch, &[0]].concat();
    Some(match (&row.item, side) {
        (Item::Layer(_), Side::Above) => row.place.clone(),
        // Below the line of a join begins its first branch.
        (Item::Layer(_), Side::Below) => match model.layer(&row.place)?.op().branches() {
            [] => [list, &[last + 1]].concat(),
            _ => [&row.place[..], &[0, 0]].concat(),
        },
        (Item::Branch { .. }, Side::Below) => first_of(&row.place),
        // Above the line of a branch ends the one before.
        (Item::Branch { .. }, Side::Above) => match last.checked_sub(1) {
            Some(before) => {
                let branch = [list, &[before]].concat();
                [&branch[..], &[model.list(&branch)?.len()]].concat()
            }
            None => first_of(&row.place),
        },
    })
}

impl Bench {
    pub fn hold(self, held: Held, event: &PointerEvent) {
        if event.button() == 0 && self.pull.with_untracked(Option::is_none) {
            if matches!(held, Held::Layer(_)) {
                // Else text is marked on the way.
                event.prevent_default();
            }
            if let Some(element) = event.current_target().and_then(|t| t.dyn_into::<Element>().ok()) {
                // Refused only where the pointer is gone already.
                let _ = element.set_pointer_capture(event.pointer_id());
            }
            let at = (event.client_x(), event.client_y());
            self.pull.set(Some(Pull { held, from: at, at, moving: false }));
        }
    }

    pub fn pull(self, event: &PointerEvent) {
        let at = (event.client_x(), event.client_y());
        let Some(mut pull) = self.pull.get_untracked() else { return };
        if !pull.moving {
            if (at.0 - pull.from.0).abs().max((at.1 - pull.from.1).abs()) < SLACK {
                return;
            }
            pull.moving = true;
        }
        pull.at = at;
        self.pull.set(Some(pull));
        self.target.set(self.target_at(at));
    }

    /// The line under the pointer; `None` beside the list.
    fn target_at(self, (x, y): (i32, i32)) -> Option<Target> {
        let tree = self.tree.get_untracked()?;
        let (x, y) = (f64::from(x), f64::from(y));
        self.scroll(&tree, y);
        let bounds = tree.get_bounding_client_rect();
        if x < bounds.left() - EDGE || x > bounds.right() + EDGE || y < bounds.top() - EDGE {
            return None;
        }
        let lines = tree.query_selector_all("[data-row]").ok()?;
        if lines.length() == 0 {
            return Some(Target { row: 0, side: Side::Above });
        }
        for row in 0..lines.length() {
            let line = lines.item(row)?.dyn_into::<Element>().ok()?.get_bounding_client_rect();
            if y < line.bottom() {
                let side = if y < line.top() + line.height() / 2.0 { Side::Above } else { Side::Below };
                return Some(Target { row: row as usize, side });
            }
        }
        Some(Target { row: lines.length() as usize - 1, side: Side::Below })
    }

    fn scroll(self, tree: &Element, y: f64) {
        let Some(around) = tree.closest("[role=tabpanel]").ok().flatten() else { return };
        let bounds = around.get_bounding_client_rect();
        if y < bounds.top() + EDGE {
            around.set_scroll_top(around.scroll_top() - SCROLL);
        } else if y > bounds.bottom() - EDGE {
            around.set_scroll_top(around.scroll_top() + SCROLL);
        }
    }

    pub fn let_go(self) {
        self.pull.set(None);
        self.target.set(None);
    }

    /// Puts down what is held; whether it was held at all and not just pressed.
    pub fn drop(self) -> bool {
        let (pull, target) = (self.pull.get_untracked(), self.target.get_untracked());
        self.let_go();
        let Some(pull) = pull.filter(|p| p.moving) else { return false };
        let model = self.builder.model();
        let gap = target.and_then(|target| {
            if model.layers.is_empty() {
                return Some(vec![0]);
            }
            self.list.with_untracked(|list| list.rows.get(target.row).and_then(|row| gap(&model, row, target.side)))
        });
        if let Some(gap) = gap {
            match pull.held {
                Held::Layer(from) => self.builder.put(&from, &gap),
                Held::New(made) => made.put(self.builder, &gap),
            }
            self.focus_list();
        }
        true
    }
}

/// What is held, beside the pointer.
pub fn ghost(bench: Bench) -> Option<AnyView> {
    let pull = bench.pull.get().filter(|p| p.moving)?;
    let title = match &pull.held {
        Held::Layer(place) => bench.builder.model().layer(place).map(|l| l.op().kind().title)?,
        Held::New(made) => made.title(),
    };
    let style = format!("transform: translate({}px, {}px)", pull.at.0 + 14, pull.at.1 + 6);
    Some(view! { <div class="network-ghost" aria-hidden="true" style=style>{title}</div> }.into_any())
}

#[cfg(test)]
mod tests {
    use engine::presets::preset;

    use super::super::rows::List;
    use super::*;

    #[test]
    fn halves_of_lines_are_gaps_that_are_there() {
        let model = preset("resnet").unwrap().model();
        let list = List::of(&model, &model, 64);
        let gaps = model.gaps();
        let at = |row: usize, side| gap(&model, &list.rows[row], side).unwrap();
        for row in 0..list.rows.len() {
            assert!(gaps.contains(&at(row, Side::Above)) && gaps.contains(&at(row, Side::Below)), "line {row}");
        }
        // Join, its empty branch, its second branch, that one's first layer.
        assert_eq!(at(3, Side::Above), [3]);
        assert_eq!(at(3, Side::Below), [3, 0, 0]);
        assert_eq!(at(5, Side::Above), [3, 0, 0]);
        assert_eq!(at(5, Side::Below), [3, 1, 0]);
        assert_eq!(at(6, Side::Below), [3, 1, 1]);
    }
}
