//! Controls that know nothing of the page's state.

pub mod dialog;
pub mod icon;
pub mod ink;
pub mod look_back;
pub mod maps;
pub mod number;
pub mod slider;
pub mod swatch;
pub mod tabs;
pub mod tiles;
