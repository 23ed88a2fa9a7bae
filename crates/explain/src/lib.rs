//! Why a network answers as it does.
//!
//! ```text
//! spec, weights --twin--> Explainer --image, class--> input gradient, FGSM, CAM, Grad-CAM, occlusion
//! ```
//!
//! All of it looks at the network as it is evaluated: running statistics, no dropout. The engine goes
//! backward in training only, and never into the image; so what runs here is a twin of the network in
//! which every layer does in training what the original does in evaluation, behind a layer that does
//! nothing but give the image's gradient a place (`twin.rs`).

mod explainer;
mod field;
mod map;
pub mod parts;
mod twin;

pub use explainer::{ExplainError, Explainer};
pub use field::FieldMeter;
pub use map::{Map, Occluder};
