//! The images that have arrived so far.

use std::path::{Path, PathBuf};

use crate::digits::Digits;
use crate::manifest::{PackFile, Set, packs};
use crate::own::OwnImages;
use crate::pack::PackError;
use crate::pack_store::PackStore;
use crate::shapes;
use crate::source::Source;

/// A pack that cannot be installed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstallError {
    #[error("{file} should hold {wanted} digits, these are {found}")]
    Count { file: &'static str, wanted: usize, found: usize },
    #[error("{file} is not a pack of this program's data set")]
    Unknown { file: &'static str },
}

/// A folder of packs that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    #[error("{}: {cause}", .path.display())]
    File { path: PathBuf, cause: std::io::Error },
    #[error("{}: {cause}", .path.display())]
    Pack { path: PathBuf, cause: PackError },
    #[error(transparent)]
    Install(#[from] InstallError),
}

/// Training, validation and test images of what was chosen last: [`Source`].
///
/// Where images of one's own stand beside digits, they come first in each set.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    source: Source,
    digits: PackStore,
    shapes: PackStore,
    /// By `Set as usize`.
    own: [Digits; 3],
    own_edition: u32,
}

static NONE: Digits = Digits { pixels: Vec::new(), labels: Vec::new() };

impl Dataset {
    /// A data set to which nothing has arrived.
    pub fn new() -> Self {
        Self::default()
    }

    /// All packs of the manifest from the folder at `path`.
    pub fn read_dir(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let mut dataset = Self::new();
        for pack in packs() {
            dataset.read_pack(pack, path.as_ref())?;
        }
        Ok(dataset)
    }

    /// All shapes, drawn at once.
    pub fn of_shapes() -> Self {
        let mut dataset = Self { source: Source::Shapes, ..Self::default() };
        while let Some(pack) = dataset.shapes.next() {
            // They are as many as are wanted.
            if dataset.shapes.install(pack, shapes::of_pack(pack)).is_err() {
                break;
            }
        }
        dataset
    }

    /// One pack from the folder at `folder`.
    pub fn read_pack(&mut self, pack: &PackFile, folder: &Path) -> Result<(), DatasetError> {
        let path = folder.join(pack.file);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(cause) => return Err(DatasetError::File { path, cause }),
        };
        match pack.open(&bytes) {
            Ok(digits) => Ok(self.install(pack, digits)?),
            Err(cause) => Err(DatasetError::Pack { path, cause }),
        }
    }

    /// Puts the digits of `pack` where they belong. A pack that is there already is replaced.
    pub fn install(&mut self, pack: &PackFile, digits: Digits) -> Result<(), InstallError> {
        self.digits.install(pack, digits)
    }

    /// The same for shapes in the places of the digits of `pack`.
    pub fn install_shapes(&mut self, pack: &PackFile, shapes: Digits) -> Result<(), InstallError> {
        self.shapes.install(pack, shapes)
    }

    /// The first pack of shapes that is wanted and not drawn.
    pub fn next_shapes(&self) -> Option<&'static PackFile> {
        if self.source == Source::Shapes { self.shapes.next() } else { None }
    }

    /// Other images of one's own, divided as [`OwnImages::divided`] says.
    pub fn set_own(&mut self, own: &OwnImages) {
        self.own = own.divided();
        self.own_edition += 1;
    }

    /// How many images of one's own there are, of all sets.
    pub fn own_count(&self) -> usize {
        self.own.iter().map(Digits::len).sum()
    }

    /// How many of them train, where they are part of what was chosen.
    pub fn own_train(&self) -> usize {
        self.own_of(Set::Train).len()
    }

    pub fn source(&self) -> Source {
        self.source
    }

    /// What all the following is about. Shapes that are not wanted any more are forgotten.
    pub fn choose(&mut self, source: Source) {
        self.source = source;
        if source != Source::Shapes {
            self.shapes = PackStore::default();
        }
    }

    /// Differs where images do.
    pub fn edition(&self) -> (Source, u32) {
        (self.source, if self.source.has_own() { self.own_edition } else { 0 })
    }

    /// What comes pack by pack.
    fn packed(&self) -> Option<&PackStore> {
        match self.source {
            Source::Digits | Source::DigitsAndOwn => Some(&self.digits),
            Source::Shapes => Some(&self.shapes),
            Source::Own => None,
        }
    }

    fn own_of(&self, set: Set) -> &Digits {
        if self.source.has_own() { &self.own[set as usize] } else { &NONE }
    }

    /// Number of images of a set, arrived or not.
    pub fn total_of(&self, set: Set) -> usize {
        self.own_of(set).len() + self.packed().map_or(0, |_| set.total())
    }

    /// Image `i` of a set and its class, once it has arrived: of validation and test images, all at once.
    pub fn image(&self, set: Set, i: usize) -> Option<(&[u8], u8)> {
        let own = self.own_of(set);
        let Some(i) = i.checked_sub(own.len()) else { return Some((own.image(i), own.labels[i])) };
        match set {
            Set::Train => self.packed()?.train_image(i),
            _ => self.packed()?.set(set).filter(|d| i < d.len()).map(|d| (d.image(i), d.labels[i])),
        }
    }

    /// How many images a set has, once all have arrived.
    pub fn whole(&self, set: Set) -> Option<usize> {
        self.packed().is_none_or(|packed| packed.set(set).is_some()).then(|| self.total_of(set))
    }

    /// Number of training images that are there without a gap from the first on.
    pub fn train_ready(&self) -> usize {
        self.own_of(Set::Train).len() + self.packed().map_or(0, PackStore::train_ready)
    }

    /// Training image `i` and its class, once its pack has arrived.
    pub fn train_image(&self, i: usize) -> Option<(&[u8], u8)> {
        self.image(Set::Train, i)
    }

    /// Image `i` of those among which training and validation images are divided, and its class, once it has arrived:
    /// the training images, then the validation images.
    pub fn pool_image(&self, i: usize) -> Option<(&[u8], u8)> {
        match i.checked_sub(self.total_of(Set::Train)) {
            None => self.train_image(i),
            Some(i) => self.image(Set::Validation, i),
        }
    }

    /// Number of these that are there without a gap from the first on.
    pub fn pool_ready(&self) -> usize {
        let train = self.train_ready();
        let all = (train == self.total_of(Set::Train)).then(|| self.whole(Set::Validation)).flatten();
        train + all.unwrap_or_default()
    }

    /// A whole set in one block, once all its packs have arrived; never where it is put together of two.
    pub fn set(&self, set: Set) -> Option<&Digits> {
        match self.source {
            Source::Own => Some(self.own_of(set)),
            Source::DigitsAndOwn => None,
            _ => self.packed()?.set(set),
        }
    }

    /// Number of images that have arrived, of all sets.
    pub fn arrived(&self) -> usize {
        let own: usize = Set::ALL.iter().map(|s| self.own_of(*s).len()).sum();
        own + self.packed().map_or(0, PackStore::arrived)
    }

    /// Number of images of all sets.
    pub fn total(&self) -> usize {
        Set::ALL.iter().map(|s| self.total_of(*s)).sum()
    }
}
