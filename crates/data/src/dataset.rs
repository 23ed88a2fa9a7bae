//! The digits that have arrived so far.

use std::path::{Path, PathBuf};

use crate::digits::{Digits, PIXELS};
use crate::manifest::{PackFile, Set, packs};
use crate::pack::PackError;

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

/// Training, validation and test digits, filled pack by pack in any order.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// By `Set as usize`; empty until the first pack of the set arrives, then of full length.
    sets: [Digits; 3],
    /// One flag for each of [`packs`].
    installed: Vec<bool>,
}

impl Default for Dataset {
    fn default() -> Self {
        Self::new()
    }
}

impl Dataset {
    /// A data set to which nothing has arrived.
    pub fn new() -> Self {
        Self { sets: Default::default(), installed: vec![false; packs().len()] }
    }

    /// All packs of the manifest from the folder at `path`.
    pub fn read_dir(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let mut dataset = Self::new();
        for pack in packs() {
            dataset.read_pack(pack, path.as_ref())?;
        }
        Ok(dataset)
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
        let Some(position) = packs().iter().position(|p| p == pack) else {
            return Err(InstallError::Unknown { file: pack.file });
        };
        let (first, count) = (pack.first as usize, pack.count as usize);
        if digits.len() != count || digits.pixels.len() != count * PIXELS {
            return Err(InstallError::Count { file: pack.file, wanted: count, found: digits.len() });
        }
        let set = &mut self.sets[pack.set as usize];
        if count == pack.set.total() {
            *set = digits;
        } else {
            if set.is_empty() {
                *set = Digits::blank(pack.set.total());
            }
            set.labels[first..first + count].copy_from_slice(&digits.labels);
            set.pixels[first * PIXELS..(first + count) * PIXELS].copy_from_slice(&digits.pixels);
        }
        self.installed[position] = true;
        Ok(())
    }

    /// Number of training digits that are there without a gap from the first on.
    pub fn train_ready(&self) -> usize {
        self.files().filter(|(p, _)| p.set == Set::Train).take_while(|&(_, there)| there).map(|(p, _)| p.count as usize).sum()
    }

    /// Training digit `i` and its class, once its pack has arrived.
    pub fn train_image(&self, i: usize) -> Option<(&[u8], u8)> {
        let (_, there) = self.files().find(|(p, _)| p.set == Set::Train && (p.first..p.first + p.count).contains(&(i as u32)))?;
        let digits = &self.sets[Set::Train as usize];
        there.then(|| (digits.image(i), digits.labels[i]))
    }

    /// Digit `i` of the 60,000 among which training and validation digits are divided, and its class, once it has
    /// arrived: the training digits, then the validation digits.
    pub fn pool_image(&self, i: usize) -> Option<(&[u8], u8)> {
        match i.checked_sub(Set::Train.total()) {
            None => self.train_image(i),
            Some(i) => self.set(Set::Validation).filter(|d| i < d.len()).map(|d| (d.image(i), d.labels[i])),
        }
    }

    /// Number of these that are there without a gap from the first on.
    pub fn pool_ready(&self) -> usize {
        let train = self.train_ready();
        if train == Set::Train.total() && self.set(Set::Validation).is_some() { train + Set::Validation.total() } else { train }
    }

    /// A whole set, once all its packs have arrived.
    pub fn set(&self, set: Set) -> Option<&Digits> {
        self.files().all(|(p, there)| p.set != set || there).then_some(&self.sets[set as usize])
    }

    /// Number of digits that have arrived, of all sets.
    pub fn arrived(&self) -> usize {
        self.files().filter(|&(_, there)| there).map(|(p, _)| p.count as usize).sum()
    }

    /// Number of digits of all sets.
    pub fn total(&self) -> usize {
        Set::ALL.iter().map(|s| s.total()).sum()
    }

    fn files(&self) -> impl Iterator<Item = (&'static PackFile, bool)> {
        packs().iter().zip(self.installed.iter().copied())
    }
}
