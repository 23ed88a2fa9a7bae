//! Bytes to images: digits, shapes, images of one's own.
//!
//! ```text
//! IDX files --(cargo xtask data)--> packs in assets/mnist --decode--> Digits --install--> Dataset
//! seed, number --shapes--> ten kinds of figures in the places of the digits ---^
//! files, sheets, drawings --framing--> OwnImages --divided--> Dataset
//! drawing --framing--> a picture as MNIST would have made it
//! ```
//!
//! MNIST's 60,000 training digits are split 50,000 / 10,000 into training and validation digits;
//! the 10,000 test digits are kept apart. Packs arrive one by one, and training may start on the
//! first: [`order`] gives an epoch that asks for digits in the order in which they come.

pub mod dataset;
pub mod digits;
pub mod framing;
pub mod idx;
pub mod manifest;
pub mod order;
pub mod own;
pub mod pack;
mod pack_store;
mod packs;
pub mod selection;
pub mod shapes;
pub mod sheet;
mod source;

pub use dataset::{Dataset, DatasetError, InstallError};
pub use digits::{CLASSES, Digits, PIXELS, SIDE};
pub use framing::{Framing, FramingOptions};
pub use idx::IdxError;
pub use manifest::{PackFile, Set, TEST_TOTAL, TRAIN_TOTAL, VALIDATION_TOTAL, packs};
pub use order::epoch_order;
pub use own::OwnImages;
pub use pack::PackError;
pub use selection::Chosen;
pub use source::{DIGIT_NAMES, Source};
