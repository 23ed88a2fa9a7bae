//! Images of one's own, with their classes.

use engine::rng::{self, Stream};

use crate::digits::{CLASSES, Digits, PIXELS};
use crate::manifest::Set;

/// Most images.
pub const MOST: usize = 5_000;
/// Largest file that is opened as an image.
pub const FILE_LIMIT: usize = 20 << 20;
/// Longest name of a class, in characters.
pub const NAME_LIMIT: usize = 24;

/// Of ten images in a row, so many train, and one each validates and tests.
const TRAIN_OF_TEN: usize = 8;
const MAGIC: &[u8; 8] = b"kscopeI1";

/// Why images are not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnError {
    #[error("{wanted} images would be kept, but at most {MOST} can be: delete some first")]
    TooMany { wanted: usize },
    #[error("class {class} is none of the ten, 0 to 9")]
    Class { class: u8 },
    #[error("the images cannot be read: {len} bytes are not what {count} images take")]
    Length { len: usize, count: usize },
    #[error("the images cannot be read: they were written by another version of this program, or damaged")]
    Foreign,
}

/// Framed images, what each is taken for, and a number by which each is known as long as it lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnImages {
    pub images: Digits,
    /// Ascending; of an image that was deleted, never given again.
    pub numbers: Vec<u32>,
    next: u32,
    /// What the classes are called; empty as the class's own digit.
    pub names: [String; CLASSES],
}

impl OwnImages {
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Takes one more image, of 784 grey values; its number.
    ///
    /// # Errors
    /// [`OwnError::TooMany`], [`OwnError::Class`].
    pub fn add(&mut self, image: &[u8; PIXELS], class: u8) -> Result<u32, OwnError> {
        if self.len() >= MOST {
            return Err(OwnError::TooMany { wanted: self.len() + 1 });
        }
        check_class(class)?;
        self.images.pixels.extend_from_slice(image);
        self.images.labels.push(class);
        let number = self.next;
        self.numbers.push(number);
        self.next += 1;
        Ok(number)
    }

    /// Gives the image of this number another class. False where there is none, or no such class.
    pub fn relabel(&mut self, number: u32, class: u8) -> bool {
        match self.numbers.binary_search(&number) {
            Ok(place) if usize::from(class) < CLASSES => {
                self.images.labels[place] = class;
                true
            }
            _ => false,
        }
    }

    /// Deletes those that `unwanted` says of (number, class).
    pub fn delete(&mut self, unwanted: impl Fn(u32, u8) -> bool) {
        let mut kept = Digits::default();
        let mut numbers = Vec::new();
        for (place, number) in self.numbers.iter().enumerate() {
            if !unwanted(*number, self.images.labels[place]) {
                kept.pixels.extend_from_slice(self.images.image(place));
                kept.labels.push(self.images.labels[place]);
                numbers.push(*number);
            }
        }
        (self.images, self.numbers) = (kept, numbers);
    }

    pub fn name(&self, class: usize) -> String {
        match self.names.get(class) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => class.to_string(),
        }
    }

    /// The class of this name; else the first without images and name of its own, which is called so from now on.
    pub fn class_named(&mut self, name: &str) -> Option<u8> {
        let name: String = name.trim().chars().take(NAME_LIMIT).collect();
        if let Some(class) = (0..CLASSES).find(|c| self.name(*c).eq_ignore_ascii_case(&name)) {
            return Some(class as u8);
        }
        let counts = self.images.class_counts();
        let free = (0..CLASSES).find(|c| counts[*c] == 0 && self.names[*c].is_empty())?;
        self.names[free] = name;
        Some(free as u8)
    }

    /// Which set the image of this number belongs to: of ten numbers in a row, one validates and one tests, which ones
    /// the counter hash says. So an image stays where it is whatever comes and goes beside it.
    pub fn set_of(number: u32) -> Set {
        let mut order: [u32; 10] = std::array::from_fn(|i| i as u32);
        rng::shuffle(&mut order, 0, Stream::OWN_SPLIT.part(number / 10));
        match order.iter().position(|place| *place == number % 10) {
            Some(TRAIN_OF_TEN) => Set::Validation,
            Some(place) if place > TRAIN_OF_TEN => Set::Test,
            _ => Set::Train,
        }
    }

    /// Training, validation and test images. Where one of the sets would stay empty, it takes the last image of the
    /// largest that has one to spare.
    pub fn divided(&self) -> [Digits; 3] {
        let mut sets = self.places();
        for set in 0..sets.len() {
            if sets[set].is_empty()
                && let Some(rich) = (0..sets.len()).rev().max_by_key(|s| sets[*s].len()).filter(|s| sets[*s].len() > 1)
                && let Some(place) = sets[rich].pop()
            {
                sets[set].push(place);
            }
        }
        sets.map(|places| {
            let mut digits = Digits::default();
            for place in places {
                digits.pixels.extend_from_slice(self.images.image(place));
                digits.labels.push(self.images.labels[place]);
            }
            digits
        })
    }

    fn places(&self) -> [Vec<usize>; 3] {
        let mut sets: [Vec<usize>; 3] = Default::default();
        for (place, number) in self.numbers.iter().enumerate() {
            sets[Self::set_of(*number) as usize].push(place);
        }
        sets
    }

    /// For the way to the worker, and for the store: mark, count, next number, names, numbers, classes, pixels.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let mut word = |number: u32| bytes.extend_from_slice(&number.to_le_bytes());
        word(self.len() as u32);
        word(self.next);
        self.numbers.iter().for_each(|number| word(*number));
        for name in &self.names {
            bytes.push(name.len().min(255) as u8);
            bytes.extend_from_slice(&name.as_bytes()[..name.len().min(255)]);
        }
        bytes.extend_from_slice(&self.images.labels);
        bytes.extend_from_slice(&self.images.pixels);
        bytes
    }

    /// # Errors
    /// What [`OwnImages::to_bytes`] cannot have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OwnError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(OwnError::Foreign)?;
        let mut take = |len: usize| {
            let (own, others) = rest.split_at_checked(len).ok_or(OwnError::Foreign)?;
            rest = others;
            Ok(own)
        };
        let word = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).map_err(|_| OwnError::Foreign);
        let count = word(take(4)?)? as usize;
        let next = word(take(4)?)?;
        if count > MOST {
            return Err(OwnError::TooMany { wanted: count });
        }
        let numbers: Vec<u32> = take(4 * count)?.chunks_exact(4).map(word).collect::<Result<_, _>>()?;
        let mut names: [String; CLASSES] = Default::default();
        for name in &mut names {
            let len = usize::from(take(1)?[0]);
            *name = String::from_utf8(take(len)?.to_vec()).map_err(|_| OwnError::Foreign)?;
        }
        if rest.len() != count * (1 + PIXELS) {
            return Err(OwnError::Length { len: rest.len(), count });
        }
        let (labels, pixels) = rest.split_at(count);
        labels.iter().try_for_each(|class| check_class(*class))?;
        if !numbers.is_sorted_by(|a, b| a < b) || numbers.last().is_some_and(|last| *last >= next) {
            return Err(OwnError::Foreign);
        }
        Ok(Self { images: Digits { pixels: pixels.to_vec(), labels: labels.to_vec() }, numbers, next, names })
    }
}

fn check_class(class: u8) -> Result<(), OwnError> {
    if usize::from(class) < CLASSES { Ok(()) } else { Err(OwnError::Class { class }) }
}

/// What a file's path says of its class: the folder that it lies in, or else the part of its name that goes on until
/// the first digit group, dot, dash, underscore or space ends it (`7_003.png` is a 7, `cat-12.png` a cat).
pub fn class_in_path(path: &str) -> Option<&str> {
    let mut parts = path.rsplit(['/', '\\']);
    let file = parts.next()?;
    // The first folder is the one that was chosen; those below it are classes.
    let folders: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    if let [own, _, ..] = folders[..] {
        return Some(own);
    }
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let first = stem.chars().next()?;
    let end = if first.is_ascii_digit() {
        stem.find(|c: char| !c.is_ascii_digit())
    } else {
        stem.find(|c: char| c.is_ascii_digit() || "._- (".contains(c))
    };
    let name = &stem[..end.unwrap_or(stem.len())];
    // A name alone, as `IMG.png`, says nothing; a number alone of more than one digit neither.
    let is_pattern = end.is_some() || (first.is_ascii_digit() && name.len() == 1);
    (is_pattern && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(count: u32) -> OwnImages {
        let mut own = OwnImages::default();
        for i in 0..count {
            own.add(&[i as u8; PIXELS], (i % 3) as u8).unwrap();
        }
        own
    }

    #[test]
    fn bytes_come_back() {
        let mut own = some(25);
        own.delete(|number, class| number < 4 || class == 2);
        own.names[1] = "Katze".to_owned();
        assert_eq!(OwnImages::from_bytes(&own.to_bytes()), Ok(own.clone()));
        assert_eq!(OwnImages::from_bytes(&OwnImages::default().to_bytes()), Ok(OwnImages::default()));
        let bytes = own.to_bytes();
        for end in 0..bytes.len() {
            assert!(OwnImages::from_bytes(&bytes[..end]).is_err(), "cut after {end}");
        }
        let mut other = bytes.clone();
        other[7] = b'9';
        assert_eq!(OwnImages::from_bytes(&other), Err(OwnError::Foreign));
        let count = own.len();
        let mut wrong = bytes;
        let first_label = wrong.len() - count * (PIXELS + 1);
        wrong[first_label] = 10;
        assert_eq!(OwnImages::from_bytes(&wrong), Err(OwnError::Class { class: 10 }));
    }

    #[test]
    fn numbers_are_never_given_again() {
        let mut own = some(3);
        own.delete(|number, _| number == 2);
        assert_eq!(own.add(&[0; PIXELS], 5), Ok(3));
        assert_eq!(own.numbers, [0, 1, 3]);
        assert!(own.relabel(3, 6) && !own.relabel(2, 6) && !own.relabel(3, 10));
        assert_eq!(own.images.labels, [0, 1, 6]);
    }

    #[test]
    fn limits_are_told() {
        let mut own = OwnImages::default();
        assert_eq!(own.add(&[0; PIXELS], 10), Err(OwnError::Class { class: 10 }));
        own = some(MOST as u32);
        let told = own.add(&[0; PIXELS], 0).unwrap_err();
        assert_eq!(told.to_string(), "5001 images would be kept, but at most 5000 can be: delete some first");
        assert_eq!(own.len(), MOST);
    }

    #[test]
    fn sets_are_eight_to_one_to_one_and_stay() {
        let own = some(200);
        assert_eq!(own.divided().map(|set| set.len()), [160, 20, 20]);
        for ten in 0..50 {
            let sets: Vec<Set> = (10 * ten..10 * ten + 10).map(OwnImages::set_of).collect();
            assert_eq!(Set::ALL.map(|set| sets.iter().filter(|s| **s == set).count()), [8, 1, 1]);
        }
        let mut fewer = own.clone();
        fewer.delete(|number, _| number % 7 == 0);
        for number in &fewer.numbers {
            assert_eq!(OwnImages::set_of(*number), OwnImages::set_of(*number));
        }
        // As many as are left of each.
        let left = |set: Set| fewer.numbers.iter().filter(|n| OwnImages::set_of(**n) == set).count();
        assert_eq!(fewer.divided().map(|set| set.len()), Set::ALL.map(left));
        // Few as they may be, each set gets one while there are enough.
        for count in 3..12 {
            assert!(some(count).divided().iter().all(|set| !set.is_empty()), "{count}");
        }
        assert_eq!(some(2).divided().iter().map(Digits::len).sum::<usize>(), 2);
        assert_eq!(OwnImages::default().divided().map(|set| set.len()), [0; 3]);
    }

    #[test]
    fn classes_are_named_once() {
        let mut own = OwnImages::default();
        assert_eq!(own.class_named("7"), Some(7));
        assert_eq!(own.class_named(" cat "), Some(0));
        assert_eq!(own.class_named("Cat"), Some(0));
        own.add(&[0; PIXELS], 1).unwrap();
        assert_eq!(own.class_named("dog"), Some(2), "1 has images that are called so");
        for name in ["a", "b", "c", "d", "e", "f", "g"] {
            assert!(own.class_named(name).is_some(), "{name}");
        }
        assert_eq!(own.class_named("an eleventh"), None);
    }

    #[test]
    fn paths_name_classes() {
        let cases = [
            ("digits/7/one.png", Some("7")),
            ("pets/cat/IMG_1.jpg", Some("cat")),
            ("all/pets/dog/deep.jpg", Some("dog")),
            ("pets/7_003.png", Some("7")),
            ("7.png", Some("7")),
            ("cat-12.jpg", Some("cat")),
            ("cat (3).jpg", Some("cat")),
            ("cat3.jpg", Some("cat")),
            ("IMG.png", None),
            ("20240101.png", None),
            ("", None),
        ];
        for (path, class) in cases {
            assert_eq!(class_in_path(path), class, "{path}");
        }
    }
}
