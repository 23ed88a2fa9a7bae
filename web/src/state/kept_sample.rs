//! The person's image, kept where the Lab and the lessons both find it: drawn, or picked from the data set.
//!
//! Text in the browser's small store, which is read without waiting: a line of what it is, then its bytes in hexadecimal.

use super::{Origin, Sample};
use crate::{dom::window, link::message::Picked};
use data::PIXELS;

const KEY: &str = "kernelscope-sample";

/// The digit that there is before any file has come: the first of the test digits.
const FIRST: &[u8; PIXELS] = include_bytes!("first.grey");
const FIRST_LABEL: u8 = 7;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptSample {
    /// See [`crate::widgets::ink::Ink::to_bytes`]; empty where it is a digit.
    pub strokes: Vec<u8>,
    pub digit: Option<(Picked, Vec<f32>)>,
}

/// The digit that the program brings along.
pub fn first() -> (Picked, Vec<f32>) {
    (Picked { set: "test".to_owned(), index: 0, label: FIRST_LABEL }, FIRST.iter().map(|grey| f32::from(*grey) / 255.0).collect())
}

pub fn read() -> Option<KeptSample> {
    of(&window()?.local_storage().ok().flatten()?.get_item(KEY).ok().flatten()?)
}

/// Keeps the sample; forgets the last one where nothing is drawn.
pub fn keep(sample: &Sample, strokes: &[u8]) {
    let Some(storage) = window().and_then(|w| w.local_storage().ok().flatten()) else { return };
    // Refused in some private windows: it is then not known on the other page.
    let _ = match text(sample, strokes) {
        Some(text) => storage.set_item(KEY, &text),
        None => storage.remove_item(KEY),
    };
}

fn text(sample: &Sample, strokes: &[u8]) -> Option<String> {
    match &sample.origin {
        Origin::Nothing => None,
        Origin::Drawing(_) => Some(format!("drawing\n{}", hex(strokes))),
        Origin::Digit(Picked { set, index, label }) => {
            Some(format!("digit {set} {index} {label}\n{}", hex(&data::sheet::bytes_of(&sample.image))))
        }
    }
}

fn of(text: &str) -> Option<KeptSample> {
    let (head, bytes) = text.split_once('\n')?;
    let bytes = unhex(bytes)?;
    let mut words = head.split(' ');
    match words.next()? {
        "drawing" => Some(KeptSample { strokes: bytes, digit: None }),
        "digit" => {
            let picked = Picked { set: words.next()?.to_owned(), index: words.next()?.parse().ok()?, label: words.next()?.parse().ok()? };
            let whole = bytes.len() == PIXELS && usize::from(picked.label) < data::CLASSES;
            whole.then(|| KeptSample { strokes: Vec::new(), digit: Some((picked, bytes.iter().map(|b| f32::from(*b) / 255.0).collect())) })
        }
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|d| char::from(DIGITS[usize::from(d)])).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: &u8| char::from(*c).to_digit(16);
    text.as_bytes().chunks(2).map(|pair| Some((digit(pair.first()?)? * 16 + digit(pair.get(1)?)?) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_back() {
        let (picked, image) = first();
        let mut sample = Sample::default();
        assert_eq!(text(&sample, &[]), None);
        sample.pick(picked.clone(), image.clone());
        assert_eq!(of(&text(&sample, &[]).unwrap()), Some(KeptSample { strokes: vec![], digit: Some((picked, image)) }));
        sample.draw(&[1.0; 168 * 168], 168);
        let strokes = vec![0, 1, 127, 128, 255];
        assert_eq!(of(&text(&sample, &strokes).unwrap()), Some(KeptSample { strokes, digit: None }));
    }

    #[test]
    fn nonsense_is_nothing() {
        for text in ["", "drawing", "drawing\n0", "drawing\nzz", "digit test 0 7\nff", "digit test 0\n", "picture\n00"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
