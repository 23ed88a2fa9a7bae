//! The colour maps of the look at hand: making one takes milliseconds, so there is one of each.

use std::{cell::RefCell, rc::Rc};

use figures::{ColourMap, Theme};

#[derive(Clone, Debug)]
pub struct Maps {
    /// For numbers of both signs.
    pub signed: Rc<ColourMap>,
    /// For numbers that are not negative.
    pub positive: Rc<ColourMap>,
}

thread_local! {
    static LAST: RefCell<Option<(Theme, Maps)>> = const { RefCell::new(None) };
}

/// The maps of `theme`; made anew only when the look changes.
pub fn of(theme: Theme) -> Maps {
    LAST.with_borrow_mut(|last| match last {
        Some((of, maps)) if *of == theme => maps.clone(),
        _ => {
            let maps = Maps { signed: Rc::new(ColourMap::diverging(theme)), positive: Rc::new(ColourMap::sequential(theme)) };
            *last = Some((theme, maps.clone()));
            maps
        }
    })
}
