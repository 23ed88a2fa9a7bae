//! What a graphics card launches for one step of training, file by file, as the worker lists it for the page.

use engine::json::Read;
use serde::Serialize;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Read)]
pub struct Listing {
    pub parts: Vec<Part>,
    pub files: Vec<File>,
}

/// A shader as the card compiles it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Read)]
pub struct File {
    /// Folder and file, without the ending: `conv2d/forward`.
    pub name: String,
    pub text: String,
}

/// A part of the step: the batch, a layer, the loss, the update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Read)]
pub struct Part {
    pub title: String,
    pub about: String,
    pub launches: Vec<Launched>,
}

/// A file, by its place among the files, and how it is launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
pub struct Launched {
    pub file: usize,
    pub pass: Pass,
    pub groups: [u32; 3],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Pass {
    Once,
    Forward,
    Backward,
}

impl Pass {
    pub fn name(self) -> &'static str {
        match self {
            Self::Once => "",
            Self::Forward => "forward",
            Self::Backward => "backward",
        }
    }
}
