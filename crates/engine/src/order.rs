//! Lists in order. The standard library's sort is several kilobytes for each type and comparison, so short lists share one.

use std::cmp::Ordering;

/// As [`slice::sort_by`]: equals stay as they were.
pub fn sort_by<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let order = places(items.len(), &|a, b| compare(&items[a], &items[b]));
    let mut held: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(order.into_iter().filter_map(|place| held[place].take()));
}

/// As [`slice::sort_by_key`].
pub fn sort_by_key<T, K: Ord>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

#[inline(never)]
fn places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|a, b| compare(*a, *b));
    places
}

#[cfg(test)]
mod tests {
    use super::{sort_by, sort_by_key};

    #[test]
    fn lists_come_into_the_order_of_the_standard_sort() {
        for count in [0, 1, 2, 3, 20, 21, 50, 500] {
            let items: Vec<(u32, usize)> = (0..count).map(|i| (crate::rng::bits(7, crate::rng::Stream(1), i) % 20, i as usize)).collect();
            let (mut sorted, mut own) = (items.clone(), items.clone());
            sorted.sort_by_key(|item| item.0);
            sort_by_key(&mut own, |item| item.0);
            assert_eq!(own, sorted, "equals stay as they were");
            sorted.sort_by(|a, b| b.cmp(a));
            sort_by(&mut own, |a, b| b.cmp(a));
            assert_eq!(own, sorted);
        }
    }
}
