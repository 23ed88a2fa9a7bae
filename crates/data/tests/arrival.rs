//! Packs arrive in any order; what is ready, and in which order an epoch asks for it.

use std::path::PathBuf;

use data::order::{epoch_order, needed};
use data::{Dataset, Digits, InstallError, PackFile, Set, TRAIN_TOTAL, packs};

/// Digits that say where they belong: label and first pixel of each.
fn marked(pack: &PackFile) -> Digits {
    let mut digits = Digits::blank(pack.count as usize);
    for i in 0..digits.len() {
        digits.labels[i] = ((pack.first as usize + i) % 10) as u8;
        digits.pixels[i * data::PIXELS] = pack.set as u8 + 1;
    }
    digits
}

#[test]
fn digits_are_found_as_soon_as_their_pack_is_there() {
    let mut dataset = Dataset::new();
    assert_eq!((dataset.arrived(), dataset.total(), dataset.train_ready()), (0, 70_000, 0));
    assert_eq!(dataset.train_image(0), None);

    // Last pack first: nothing is ready from the start until the first comes.
    for (done, pack) in packs().iter().rev().enumerate() {
        assert!(dataset.set(pack.set).is_none());
        dataset.install(pack, marked(pack)).unwrap();
        assert_eq!(dataset.train_ready() > 0, done + 1 == packs().len());
        if pack.set == Set::Train {
            let last = (pack.first + pack.count - 1) as usize;
            let (image, label) = dataset.train_image(last).unwrap();
            assert_eq!((image[0], usize::from(label)), (1, last % 10));
            assert_eq!(dataset.train_image(pack.first as usize).unwrap().1, (pack.first % 10) as u8);
            if pack.first > 0 {
                assert_eq!(dataset.train_image(pack.first as usize - 1), None);
            }
        }
    }
    assert_eq!((dataset.arrived(), dataset.train_ready()), (70_000, TRAIN_TOTAL));
    assert_eq!(dataset.train_image(TRAIN_TOTAL), None);
    for set in Set::ALL {
        let digits = dataset.set(set).unwrap();
        assert_eq!(digits.len(), set.total());
        assert!((0..digits.len()).all(|i| digits.image(i)[0] == set as u8 + 1), "{}", set.name());
    }
}

#[test]
fn ready_grows_with_the_packs() {
    let mut dataset = Dataset::new();
    let [a, b, c] = [0, 1, 2].map(|i| &packs()[i]);
    dataset.install(a, marked(a)).unwrap();
    dataset.install(c, marked(c)).unwrap();
    assert_eq!(dataset.train_ready(), a.count as usize);
    assert!(dataset.set(Set::Train).is_none());
    dataset.install(b, marked(b)).unwrap();
    assert_eq!(dataset.train_ready(), (a.count + b.count + c.count) as usize);
    let arrived = dataset.arrived();
    dataset.install(b, marked(b)).unwrap();
    assert_eq!(dataset.arrived(), arrived, "a pack that comes twice counts once");
}

#[test]
fn what_does_not_belong_is_refused() {
    let mut dataset = Dataset::new();
    let pack = &packs()[0];
    let error = dataset.install(pack, Digits::blank(3)).unwrap_err();
    assert_eq!(error, InstallError::Count { file: pack.file, wanted: pack.count as usize, found: 3 });
    let stranger = PackFile { first: 49_999, ..*pack };
    let error = dataset.install(&stranger, marked(pack)).unwrap_err();
    assert_eq!(error, InstallError::Unknown { file: pack.file });
    assert_eq!(dataset.arrived(), 0);
}

#[test]
fn real_digits_come_from_a_folder_one_pack_at_a_time() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/mnist");
    let mut dataset = Dataset::new();
    dataset.read_pack(&packs()[0], &folder).unwrap();
    let first: Vec<u8> = (0..10).map(|i| dataset.train_image(i).unwrap().1).collect();
    assert_eq!(first, [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
}

#[test]
fn every_epoch_asks_for_every_digit_once() {
    for epoch in 0..3 {
        let mut order = epoch_order(7, epoch);
        order.sort_unstable();
        assert!(order.iter().copied().eq(0..TRAIN_TOTAL as u32), "epoch {epoch}");
    }
}

#[test]
fn orders_differ_by_seed_and_epoch_only() {
    assert_eq!(epoch_order(7, 1), epoch_order(7, 1));
    let orders = [(7, 0), (7, 1), (7, 2), (8, 0), (8, 1)].map(|(seed, epoch)| epoch_order(seed, epoch));
    for (i, a) in orders.iter().enumerate() {
        for b in &orders[i + 1..] {
            // Two random orders of n agree in about one place, or in one per pack in epoch 0.
            let same = a.iter().zip(b).filter(|(a, b)| a == b).count();
            assert!(same < 30, "{same} places agree");
        }
    }
}

#[test]
fn the_first_epoch_stays_inside_what_has_arrived() {
    let order = epoch_order(1, 0);
    for taken in [1, 1_999, 2_000, 2_001, 10_000, 10_001, 49_999, TRAIN_TOTAL] {
        let needed = needed(0, taken);
        assert!(order[..taken].iter().all(|&i| (i as usize) < needed), "{taken}");
    }
    assert_eq!(needed(0, 0), 0);
    assert_eq!(needed(0, 2_000), 2_000);
    assert_eq!(needed(0, 2_001), 10_000);
    assert_eq!(needed(1, 1), TRAIN_TOTAL);
    // Not the order of the files: packs are shuffled inside.
    assert!(order[..2_000].iter().zip(0..).filter(|&(&a, b)| a == b).count() < 30);
}
