//! Where the digits are.

use std::{
    env,
    path::{Path, PathBuf},
};

use data::{Dataset, Source};

use crate::error::Error;

const FOLDER: &str = "assets/mnist";

/// In place of a folder: shapes, which need none.
const SHAPES: &str = "shapes";

/// What is trained on where `folder` may be the word for shapes.
pub fn source(folder: Option<&Path>, said: Source) -> Source {
    if folder.is_some_and(|folder| folder == Path::new(SHAPES)) { Source::Shapes } else { said }
}

/// The images of a run.
pub fn of(source: Source, folder: Option<&Path>) -> Result<Dataset, Error> {
    match source {
        Source::Digits => read(folder),
        Source::Shapes => Ok(Dataset::of_shapes()),
        Source::Own | Source::DigitsAndOwn => Err(Error::OwnImages),
    }
}

/// All digits, from `folder` or from where the project keeps them.
pub fn read(folder: Option<&Path>) -> Result<Dataset, Error> {
    let folder = match folder {
        Some(folder) => folder.to_owned(),
        None => find().ok_or(Error::NoDigits)?,
    };
    Dataset::read_dir(folder).map_err(|cause| Error::Digits { cause })
}

/// `assets/mnist` in the working folder or next to the program, or in a folder above one of these.
fn find() -> Option<PathBuf> {
    let program = env::current_exe().ok();
    let starts = [env::current_dir().ok(), program.and_then(|p| p.parent().map(Path::to_owned))];
    starts.iter().flatten().flat_map(|start| start.ancestors()).map(|folder| folder.join(FOLDER)).find(|folder| folder.is_dir())
}
