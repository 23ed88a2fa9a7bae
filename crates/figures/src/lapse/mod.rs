//! Pictures that follow each other, in one file: an animated GIF, or a ZIP of single pictures.

mod gif;
mod zip;

pub use gif::Gif;
pub use zip::Zip;
