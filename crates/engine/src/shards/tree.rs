//! Sums over leaves, always taken in the same order.

use crate::loss::BatchResult;

/// The sum over a branch of the tree: the leaves `index · 2^level .. (index + 1) · 2^level`, as far as there are such.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node<T> {
    pub level: u32,
    pub index: u32,
    pub sum: T,
}

/// A gradient and what came with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GradSum {
    pub grads: Vec<f32>,
    pub result: BatchResult,
}

impl GradSum {
    /// Adds what stands to the right.
    pub fn join(&mut self, right: &Self) {
        for (to, by) in self.grads.iter_mut().zip(&right.grads) {
            *to += by;
        }
        self.result.add(right.result);
    }
}

/// Joins branches that come from left to right: two neighbours as soon as both are there, those left over at the end
/// from the right. So a sum depends on its leaves alone, not on how many of them came joined already.
#[derive(Clone, Debug)]
pub struct Tree<T> {
    /// From left to right, of falling levels.
    nodes: Vec<Node<T>>,
    /// Buffers that hold nothing.
    spare: Vec<T>,
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        // Enough for any number of leaves.
        Self { nodes: Vec::with_capacity(16), spare: Vec::with_capacity(32) }
    }
}

impl<T: Clone> Tree<T> {
    /// Takes in the branch to the right of all that came before. In `sum` is afterwards what it was, or some
    /// other buffer of this tree.
    pub fn add(&mut self, level: u32, index: u32, sum: &mut T, join: impl Fn(&mut T, &T)) {
        let is_left = |node: &Node<T>, level, index: u32| node.level == level && node.index.is_multiple_of(2) && node.index + 1 == index;
        let Some(mut left) = self.nodes.pop_if(|node| is_left(node, level, index)) else {
            let mut own = self.spare.pop().unwrap_or_else(|| sum.clone());
            std::mem::swap(&mut own, sum);
            self.nodes.push(Node { level, index, sum: own });
            return;
        };
        join(&mut left.sum, sum);
        (left.level, left.index) = (left.level + 1, left.index / 2);
        while let Some(node) = self.nodes.last_mut()
            && is_left(node, left.level, left.index)
        {
            join(&mut node.sum, &left.sum);
            (node.level, node.index) = (node.level + 1, node.index / 2);
            self.spare.push(left.sum);
            let Some(joined) = self.nodes.pop() else { return };
            left = joined;
        }
        self.nodes.push(left);
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

    /// Hands the branches out and takes back the buffers of those handed out before.
    pub fn hand_out(&mut self, nodes: &mut Vec<Node<T>>) {
        self.spare.extend(nodes.drain(..).map(|n| n.sum));
        std::mem::swap(&mut self.nodes, nodes);
    }

    pub fn clear(&mut self) {
        self.spare.extend(self.nodes.drain(..).map(|n| n.sum));
    }

    pub fn nodes_mut(&mut self) -> &mut Vec<Node<T>> {
        &mut self.nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
