//! Tensors to pixels, charts and geometry: everything that is drawn, without knowing where.
//!
//! The page shows the pixels as `ImageData` and hands the charts a canvas; the terminal writes the
//! same charts as SVG and PNG (feature `files`). Nothing here knows a browser, a clock or a file
//! system.
//!
//! | module | from | to |
//! |---|---|---|
//! | [`theme`] | light or dark | every colour of the page, as numbers and as CSS |
//! | [`scale`] | a number | a colour |
//! | [`tiles`] | planes of a tensor | RGBA pixels |
//! | [`kernels`] | a convolution's weight | the planes to show |
//! | [`chart`] | a run's history | learning curves |
//! | [`ghost`] | the curves of other runs | dashes behind them |
//! | [`confusion`] | counts of answers | a matrix |
//! | [`receptive`] | a cell of a layer | what it sees, layer by layer |
//! | [`sources`] | a channel of a layer | the channels that feed it |

pub mod axis;
pub mod chart;
pub mod colour;
pub mod confusion;
pub mod curves;
#[cfg(feature = "files")]
pub mod files;
pub mod ghost;
pub mod kernels;
pub mod lapse;
pub mod lettering;
mod panel;
pub mod receptive;
pub mod ridges;
mod ruler;
pub mod scale;
pub mod smoothing;
pub mod sources;
pub mod surface;
#[cfg(feature = "svg")]
pub mod svg;
pub mod theme;
pub mod tiles;
pub mod trace;
pub mod view;

pub use chart::{ChartOptions, LossScale, XAxis, draw_curves, draw_view};
pub use colour::Rgb;
pub use confusion::{Confusion, draw_confusion};
pub use curves::{Curves, Measured, MeasuredOn, TrainPoint};
pub use ghost::Ghost;
pub use receptive::{Field, field_of};
pub use scale::{ColourMap, Range};
pub use sources::{lineage_of, sources_of};
pub use theme::{Palette, Theme};
pub use tiles::{Sheet, Spread};
pub use view::{Plot, View};
