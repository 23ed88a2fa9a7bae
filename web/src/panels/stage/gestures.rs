//! Pointers, wheel and keys on the overview.

use std::{cell::Cell, rc::Rc};

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, PointerEvent, WheelEvent};

use super::{model::Block, tour, view::Whole};
use crate::state::{Focus, Lab, stage::Opening};

/// Least and greatest zoom.
pub const ZOOMS: (f64, f64) = (0.35, 4.0);
/// A pointer that has moved so far drags, it does not press.
const DRAG: f64 = 5.0;

/// Pointers on the overview: pointing, pressing, dragging, pinching.
#[derive(Clone, Debug)]
pub struct Gestures {
    lab: Lab,
    scroller: NodeRef<html::Div>,
    layout: Whole,
    /// Where a press began, how far the stage was scrolled then, and whether it has become a drag.
    held: Rc<Cell<Option<[f64; 4]>>>,
    dragged: Rc<Cell<bool>>,
    /// Pointers that are down: number, place.
    fingers: Rc<Cell<[Option<Finger>; 2]>>,
}

/// Number of the pointer, place.
type Finger = (i32, f64, f64);
type Heed = Box<dyn FnMut(PointerEvent)>;

impl Gestures {
    pub fn new(lab: Lab, scroller: NodeRef<html::Div>, layout: Whole) -> Self {
        Self { lab, scroller, layout, held: Rc::default(), dragged: Rc::default(), fingers: Rc::default() }
    }

    /// Down, move, up, leave.
    pub fn pointer(&self) -> [Heed; 4] {
        let [a, b, c, d] = [self.clone(), self.clone(), self.clone(), self.clone()];
        [Box::new(move |e| a.down(&e)), Box::new(move |e| b.moved(&e)), Box::new(move |e| c.up(&e)), Box::new(move |e| d.leave(&e))]
    }

    fn point(&self, event: &PointerEvent) -> Option<Focus> {
        let target = event.current_target().and_then(|t| t.dyn_into::<HtmlElement>().ok())?;
        let bounds = target.get_bounding_client_rect();
        let (x, y) = (f64::from(event.client_x()) - bounds.left(), f64::from(event.client_y()) - bounds.top());
        let focus = self.layout.with_untracked(|layout| layout.as_deref().and_then(|layout| tour::focus_at(layout, x, y)));
        let state = self.lab.state;
        if state.focus.get_untracked() != focus {
            state.focus.set(focus);
        }
        focus
    }

    fn down(&self, event: &PointerEvent) {
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let mut fingers = self.fingers.get();
        if let Some(free) = fingers.iter_mut().find(|f| f.is_none()) {
            *free = Some((event.pointer_id(), x, y));
        }
        self.fingers.set(fingers);
        self.dragged.set(false);
        self.point(event);
        if let Some(s) = self.scroller.get_untracked() {
            self.held.set(Some([x, y, f64::from(s.scroll_left()), f64::from(s.scroll_top())]));
        }
    }

    fn moved(&self, event: &PointerEvent) {
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let before = self.fingers.get();
        let now = before.map(|f| f.map(|(id, fx, fy)| if id == event.pointer_id() { (id, x, y) } else { (id, fx, fy) }));
        self.fingers.set(now);
        if let ([Some(a), Some(b)], [Some(c), Some(d)]) = (before, now) {
            let apart = |p: (i32, f64, f64), q: (i32, f64, f64)| (p.1 - q.1).hypot(p.2 - q.2).max(1.0);
            self.dragged.set(true);
            return zoom_by(self.lab, apart(c, d) / apart(a, b));
        }
        if let Some([from_x, from_y, left, top]) = self.held.get()
            && event.buttons() & 1 == 1
            && event.pointer_type() == "mouse"
        {
            if (x - from_x).hypot(y - from_y) > DRAG {
                self.dragged.set(true);
            }
            if self.dragged.get() {
                if let Some(s) = self.scroller.get_untracked() {
                    s.set_scroll_left((left - (x - from_x)) as i32);
                    s.set_scroll_top((top - (y - from_y)) as i32);
                }
                return;
            }
        }
        self.point(event);
    }

    fn up(&self, event: &PointerEvent) {
        let fingers = self.fingers.get().map(|f| f.filter(|(id, ..)| *id != event.pointer_id()));
        self.fingers.set(fingers);
        let pressed = self.held.take().is_some() && !self.dragged.get();
        if pressed && let Some(focus) = self.point(event) {
            open_focus(self.lab, focus, &self.layout);
        }
    }

    fn leave(&self, event: &PointerEvent) {
        self.held.set(None);
        self.fingers.set([None; 2]);
        // A finger that has gone leaves its mark to be read.
        if event.pointer_type() == "mouse" {
            self.lab.state.focus.set(None);
        }
    }
}

/// Opens what is pointed at: a map, or the map of a filter.
fn open_focus(lab: Lab, focus: Focus, layout: &Whole) {
    let opening = layout.with_untracked(|layout| {
        let (column, block) = layout.as_deref()?.block(focus.tensor)?;
        let node = column.node?;
        // Of a table the tiles are pairs of output and input.
        let per = if block.is_kernels() { block.total / column.maps.map_or(1, |m| m.total).max(1) } else { 1 };
        Some(Opening { node, channel: focus.channel / per.max(1), cell: None })
    });
    if opening.is_some() {
        lab.open_tile(opening);
    }
}

fn zoom_by(lab: Lab, factor: f64) {
    lab.state.stage.zoom.update(|z| *z = (*z * factor).clamp(ZOOMS.0, ZOOMS.1));
}

/// With Ctrl (or two fingers on a trackpad) it zooms; else it goes sideways where there is nothing above or below.
pub fn wheel(lab: Lab, event: &WheelEvent, scroller: NodeRef<html::Div>) {
    if event.ctrl_key() {
        event.prevent_default();
        return zoom_by(lab, (-event.delta_y() * 0.004).exp().clamp(0.7, 1.4));
    }
    let Some(s) = scroller.get_untracked() else { return };
    let upright = s.scroll_height() > s.client_height() + 1;
    if event.delta_x() == 0.0 && !upright && s.scroll_width() > s.client_width() {
        event.prevent_default();
        s.set_scroll_left(s.scroll_left() + event.delta_y() as i32);
    }
}

pub fn key(lab: Lab, event: &KeyboardEvent, layout: Whole, scroller: NodeRef<html::Div>) {
    let state = lab.state;
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let heed = || {
        event.prevent_default();
        event.stop_propagation();
    };
    match event.key().as_str() {
        "+" | "=" => {
            heed();
            return zoom_by(lab, 1.25);
        }
        "-" => {
            heed();
            return zoom_by(lab, 0.8);
        }
        "Enter" => {
            if let Some(focus) = state.focus.get_untracked() {
                heed();
                open_focus(lab, focus, &layout);
            }
            return;
        }
        "PageDown" | "PageUp" | "Home" | "End" => {
            if let Some(s) = scroller.get_untracked() {
                heed();
                let to = match event.key().as_str() {
                    "Home" => 0,
                    "End" => s.scroll_width(),
                    "PageDown" => s.scroll_left() + s.client_width() * 3 / 4,
                    _ => s.scroll_left() - s.client_width() * 3 / 4,
                };
                s.set_scroll_left(to);
            }
            return;
        }
        _ => {}
    }
    let focus = layout.with_untracked(|layout| tour::focus_by_key(layout.as_deref()?, state.focus.get_untracked(), &event.key()));
    let Some(focus) = focus else { return };
    heed();
    if let Some(focus) = focus {
        bring(lab, focus, layout, scroller);
    }
    state.focus.set(focus);
}

/// Leafs to the tile and scrolls it into sight.
fn bring(lab: Lab, focus: Focus, layout: Whole, scroller: NodeRef<html::Div>) {
    let found = layout.with_untracked(|l| l.as_deref().and_then(|l| l.block(focus.tensor)).map(|(c, b)| (c.node, *b)));
    let Some((node, block)) = found else { return };
    if let (false, Some(node)) = (block.shows(focus.channel), node) {
        let per = page_size(&block);
        lab.state.stage.pages.update(|pages| {
            pages.insert(node.0, focus.channel / per);
        });
    }
    let Some(scroller) = scroller.get_untracked() else { return };
    let (left, width) = (f64::from(scroller.scroll_left()), f64::from(scroller.client_width()));
    if block.x < left || block.x + 120.0 > left + width {
        scroller.set_scroll_left((block.x - width / 2.0) as i32);
    }
}

/// Tiles of a full page.
pub fn page_size(block: &Block) -> usize {
    (block.sheet.rows * block.sheet.cols).min(block.total).max(1)
}
