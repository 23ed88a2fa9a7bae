//! Sums over leaves, always taken in the same order.

use crate::{Graph, loss::BatchResult};

/// The sum over a branch of the tree: the leaves `index · 2^level .. (index + 1) · 2^level`, as far as there are such.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node<T> {
    pub level: u32,
    pub index: u32,
    pub sum: T,
}

/// Branches for which there is room in a list from the beginning.
pub const ROOM: usize = 32;

/// A gradient and what came with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GradSum {
    pub grads: Vec<f32>,
    pub result: BatchResult,
}

impl GradSum {
    pub fn zeros(graph: &Graph) -> Self {
        Self { grads: vec![0.0; graph.params_len()], result: BatchResult::default() }
    }

    /// Adds what stands to the right.
    pub fn join(&mut self, right: &Self) {
        for (to, by) in self.grads.iter_mut().zip(&right.grads) {
            *to += by;
        }
        self.result.add(right.result);
    }
}

/// Joins branches that come in any order: two neighbours as soon as both are there, those left over at the end
/// from the right. So a sum depends on its leaves alone, not on who added them, when, and how many came joined already.
#[derive(Clone, Debug)]
pub struct Tree<T> {
    /// From left to right.
    nodes: Vec<Node<T>>,
    /// Buffers that hold nothing.
    spare: Vec<T>,
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        // Enough where leaves come from left to right.
        Self { nodes: Vec::with_capacity(ROOM), spare: Vec::with_capacity(2 * ROOM) }
    }
}

impl<T: Clone> Tree<T> {
    /// Takes in a branch. In `sum` is afterwards what it was, or some other buffer of this tree.
    pub fn add(&mut self, level: u32, index: u32, sum: &mut T, join: impl Fn(&mut T, &T)) {
        let first = |level: u32, index: u32| u64::from(index) << level;
        let mut at = self.nodes.partition_point(|n| first(n.level, n.index) < first(level, index));
        let is = |node: &Node<T>, level, index| node.level == level && node.index == index;
        if !index.is_multiple_of(2)
            && let Some(left) = at.checked_sub(1).and_then(|left| self.nodes.get_mut(left))
            && is(left, level, index - 1)
        {
            join(&mut left.sum, sum);
            at -= 1;
        } else {
            let mut own = self.spare.pop().unwrap_or_else(|| sum.clone());
            std::mem::swap(&mut own, sum);
            if index.is_multiple_of(2)
                && let Some(right) = self.nodes.get_mut(at)
                && is(right, level, index + 1)
            {
                join(&mut own, &right.sum);
                self.spare.push(std::mem::replace(&mut right.sum, own));
            } else {
                self.nodes.insert(at, Node { level, index, sum: own });
                return;
            }
        }
        // What has been joined may have a neighbour in its turn.
        (self.nodes[at].level, self.nodes[at].index) = (level + 1, index / 2);
        loop {
            let Node { level, index, .. } = self.nodes[at];
            let left = if index.is_multiple_of(2) { at } else { at.wrapping_sub(1) };
            let (Some(a), Some(b)) = (self.nodes.get(left), self.nodes.get(left.wrapping_add(1))) else { return };
            if !(is(a, level, index & !1) && is(b, level, index | 1)) {
                return;
            }
            let right = self.nodes.remove(left + 1);
            let node = &mut self.nodes[left];
            join(&mut node.sum, &right.sum);
            (node.level, node.index) = (level + 1, index / 2);
            self.spare.push(right.sum);
            at = left;
        }
    }

    /// Joins what is left, puts it into `sum`, whose buffer is kept for later, and is empty again. False where
    /// nothing came.
    pub fn finish(&mut self, sum: &mut T, join: impl Fn(&mut T, &T)) -> bool {
        let Some(mut right) = self.nodes.pop() else { return false };
        while let Some(mut left) = self.nodes.pop() {
            join(&mut left.sum, &right.sum);
            self.spare.push(right.sum);
            right = left;
        }
        std::mem::swap(&mut right.sum, sum);
        self.spare.push(right.sum);
        true
    }

    /// Has buffers for so many branches.
    pub fn make_room(&mut self, branches: usize, buffer: impl FnMut() -> T) {
        self.nodes.reserve(branches);
        self.spare.reserve(branches);
        self.spare.resize_with(self.spare.len().max(branches), buffer);
    }

    /// Takes back the buffers of branches that were handed out.
    pub fn take_back(&mut self, nodes: &mut Vec<Node<T>>) {
        self.spare.extend(nodes.drain(..).map(|n| n.sum));
    }

    pub fn clear(&mut self) {
        self.spare.extend(self.nodes.drain(..).map(|n| n.sum));
    }

    /// Hands the branches out, into an empty list.
    pub fn hand_out(&mut self, nodes: &mut Vec<Node<T>>) {
        std::mem::swap(&mut self.nodes, nodes);
    }

    pub fn nodes_mut(&mut self) -> &mut Vec<Node<T>> {
        &mut self.nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Stream, bits};

    /// Writes down what is added to what.
    fn join(left: &mut String, right: &String) {
        *left = format!("({left}{right})");
    }

    fn leaf(i: usize) -> String {
        char::from(b'a' + i as u8).to_string()
    }

    #[test]
    fn the_order_is_that_of_a_balanced_tree() {
        for (count, wanted) in [(1, "a"), (2, "(ab)"), (3, "((ab)c)"), (6, "(((ab)(cd))(ef))"), (7, "(((ab)(cd))((ef)g))")] {
            let (mut tree, mut sum) = (Tree::default(), String::new());
            (0..count).for_each(|i| tree.add(0, i as u32, &mut leaf(i), join));
            assert!(tree.finish(&mut sum, join));
            assert_eq!(sum, wanted);
        }
        assert!(!Tree::default().finish(&mut String::new(), join));
    }

    #[test]
    fn who_adds_makes_no_difference() {
        for leaves in 1..20 {
            let mut alone = String::new();
            for workers in 1..=8 {
                let mut leader = Tree::default();
                for worker in 0..workers {
                    let mut shard = Tree::default();
                    (worker * leaves / workers..(worker + 1) * leaves / workers).for_each(|i| shard.add(0, i as u32, &mut leaf(i), join));
                    let mut nodes = Vec::new();
                    shard.hand_out(&mut nodes);
                    nodes.iter_mut().for_each(|n| leader.add(n.level, n.index, &mut n.sum, join));
                }
                let mut sum = String::new();
                assert!(leader.finish(&mut sum, join));
                if workers == 1 {
                    alone = sum;
                } else {
                    assert_eq!(sum, alone, "{leaves} leaves, {workers} workers");
                }
            }
        }
    }

    #[test]
    fn when_a_leaf_comes_makes_no_difference() {
        for leaves in 1..24u32 {
            let (mut straight, mut wanted) = (Tree::default(), String::new());
            (0..leaves).for_each(|i| straight.add(0, i, &mut leaf(i as usize), join));
            assert!(straight.finish(&mut wanted, join));
            for seed in 0..20 {
                let mut order: Vec<u32> = (0..leaves).collect();
                crate::order::sort_by(&mut order, |a, b| bits(seed, Stream::SHUFFLE, *a).cmp(&bits(seed, Stream::SHUFFLE, *b)));
                // Two workers, of which each joins what it can.
                let mut leader = Tree::default();
                for some in order.chunks(1 + (seed as usize) % leaves as usize) {
                    let (mut shard, mut nodes) = (Tree::default(), Vec::new());
                    some.iter().for_each(|i| shard.add(0, *i, &mut leaf(*i as usize), join));
                    shard.hand_out(&mut nodes);
                    nodes.iter_mut().for_each(|n| leader.add(n.level, n.index, &mut n.sum, join));
                }
                let mut sum = String::new();
                assert!(leader.finish(&mut sum, join));
                assert_eq!(sum, wanted, "{leaves} leaves as {order:?}");
            }
        }
    }
}
