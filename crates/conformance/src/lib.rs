//! Golden cases: numbers of PyTorch in a folder, and whether the engine gives them.
//!
//! ```text
//! folder --file--> Suite, GoldenCase --layers--> LayerSpec, ModelSpec, ...
//!                        |                             |
//!                        +--suites::check--> Backend --+--> Comparison --report--> Report
//! ```
//!
//! The format stands in `tests/golden/README.md`. A file may come from anywhere: whatever it says, the
//! answer is a result or a failure that names what is wrong, never a panic. Shapes, settings and numbers
//! are the file's; nothing here knows a case in advance.

mod attributes;
pub mod backend;
pub mod compare;
pub mod file;
pub mod layers;
pub mod report;
pub mod suites;

pub use backend::Backend;
pub use file::{CaseError, FileError, GoldenCase, Suite};
pub use report::{Report, run};
pub use suites::check;
