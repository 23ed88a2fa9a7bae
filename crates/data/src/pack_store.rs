//! Sets that come pack by pack, in any order.

use crate::dataset::InstallError;
use crate::digits::{Digits, PIXELS};
use crate::manifest::{PackFile, Set, packs};

#[derive(Clone, Debug)]
pub(crate) struct PackStore {
    /// By `Set as usize`; empty until the first pack of the set arrives, then of full length.
    sets: [Digits; 3],
    /// One flag for each of [`packs`].
    installed: Vec<bool>,
}

impl Default for PackStore {
    fn default() -> Self {
        Self { sets: Default::default(), installed: vec![false; packs().len()] }
    }
}

impl PackStore {
    /// Puts the images of `pack` where they belong. A pack that is there already is replaced.
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

    /// The first pack that has not arrived.
    pub fn next(&self) -> Option<&'static PackFile> {
        self.files().find(|(_, there)| !there).map(|(pack, _)| pack)
    }

    /// Number of training images that are there without a gap from the first on.
    pub fn train_ready(&self) -> usize {
        self.files().filter(|(p, _)| p.set == Set::Train).take_while(|&(_, there)| there).map(|(p, _)| p.count as usize).sum()
    }

    /// Training image `i` and its class, once its pack has arrived.
    pub fn train_image(&self, i: usize) -> Option<(&[u8], u8)> {
        let (_, there) = self.files().find(|(p, _)| p.set == Set::Train && (p.first..p.first + p.count).contains(&(i as u32)))?;
        let digits = &self.sets[Set::Train as usize];
        there.then(|| (digits.image(i), digits.labels[i]))
    }

    /// A whole set, once all its packs have arrived.
    pub fn set(&self, set: Set) -> Option<&Digits> {
        self.files().all(|(p, there)| p.set != set || there).then_some(&self.sets[set as usize])
    }

    /// Number of images that have arrived, of all sets.
    pub fn arrived(&self) -> usize {
        self.files().filter(|&(_, there)| there).map(|(p, _)| p.count as usize).sum()
    }

    fn files(&self) -> impl Iterator<Item = (&'static PackFile, bool)> {
        packs().iter().zip(self.installed.iter().copied())
    }
}
