//! Which channels feed a channel, and which of earlier layers it depends on.

use std::ops::Range;

use engine::{Graph, LayerSpec, Node, NodeId, graph::Feed};

/// The channels of each input that channel `channel` of `node` is made from, in the order of the inputs. Empty
/// ranges where an input gives it nothing.
pub fn sources_of(node: &Node, channel: usize) -> Vec<Range<usize>> {
    let one = |c: usize, count: usize| c.min(count)..(c + 1).min(count);
    let grouped = |groups: usize| {
        let (within, out) = (node.input.ch / groups, node.output.ch / groups);
        std::iter::once(channel / out * within..(channel / out + 1) * within).collect()
    };
    match &node.layer {
        LayerSpec::Conv2d(conv) => grouped(conv.groups),
        LayerSpec::ConvTranspose2d(conv) => grouped(conv.groups),
        LayerSpec::Concat(_) => {
            let mut first = 0;
            let of = |shape: engine::Shape| {
                let own = channel.checked_sub(first).filter(|c| *c < shape.ch);
                first += shape.ch;
                own.map_or(0..0, |c| c..c + 1)
            };
            node.shapes().map(of).collect()
        }
        LayerSpec::Flatten(_) => vec![one(channel / node.input.plane(), node.input.ch)],
        layer if layer.op().kind().mixes => node.shapes().map(|shape| 0..shape.ch).collect(),
        // A gate of one channel is for all.
        _ => node.shapes().map(|shape| if shape.ch == 1 { 0..1 } else { one(channel, shape.ch) }).collect(),
    }
}

/// The channels that channel `channel` of `node` depends on: of every layer, and last of the image. The smallest
/// range around them; `None` where it depends on none.
pub fn lineage_of(graph: &Graph, node: NodeId, channel: usize) -> Vec<Option<Range<usize>>> {
    let image = graph.nodes.len();
    let mut seen: Vec<Option<Range<usize>>> = vec![None; image + 1];
    if let Some(own) = seen.get_mut(node.0).filter(|_| node.0 < image) {
        *own = Some(channel..channel + 1);
    }
    for index in (0..image).rev() {
        let Some(channels) = seen[index].clone().filter(|c| !c.is_empty()) else { continue };
        let node = &graph.nodes[index];
        let (first, last) = (sources_of(node, channels.start), sources_of(node, channels.end - 1));
        for (k, feed) in node.inputs.iter().enumerate() {
            let place = match feed {
                Feed::Image => image,
                Feed::Node(id) => id.0,
            };
            // What lies between two channels of a concatenation may be another input.
            let between = (channels.start..channels.end).map(|c| sources_of(node, c)[k].clone());
            let ends = [first[k].clone(), last[k].clone()];
            let all = if matches!(node.layer, LayerSpec::Concat(_)) { hull(between) } else { hull(ends.into_iter()) };
            if let Some(all) = all {
                let known = seen[place].clone().unwrap_or_else(|| all.clone());
                seen[place] = Some(known.start.min(all.start)..known.end.max(all.end));
            }
        }
    }
    seen
}

fn hull(ranges: impl Iterator<Item = Range<usize>>) -> Option<Range<usize>> {
    ranges.filter(|r| !r.is_empty()).reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
}

#[cfg(test)]
mod tests {
    use engine::presets::preset;

    use super::*;

    fn graph(slug: &str) -> Graph {
        Graph::check(&preset(slug).unwrap().model()).unwrap()
    }

    #[test]
    fn a_concatenation_takes_each_channel_from_one_input() {
        let graph = graph("inception");
        let joint = graph.nodes.iter().find(|n| matches!(n.layer, LayerSpec::Concat(_))).unwrap();
        let mut taken = 0;
        for channel in 0..joint.output.ch {
            let sources = sources_of(joint, channel);
            assert_eq!(sources.len(), joint.inputs.len());
            assert_eq!(sources.iter().map(Range::len).sum::<usize>(), 1, "channel {channel}");
            taken += sources.iter().filter(|s| !s.is_empty()).count();
        }
        assert_eq!(taken, joint.output.ch);
    }

    #[test]
    fn what_is_not_mixed_keeps_its_channel_until_a_convolution() {
        let graph = graph("n3");
        let pool = graph.nodes.iter().find(|n| n.name == "pool1").unwrap();
        let seen = lineage_of(&graph, pool.id, 5);
        assert!(seen[..=pool.id.0].iter().all(|s| *s == Some(5..6)), "{seen:?}");
        assert_eq!(seen.last().unwrap(), &Some(0..1));
        assert!(seen[pool.id.0 + 1..graph.nodes.len()].iter().all(Option::is_none));
    }

    #[test]
    fn a_residual_depends_on_both_its_ways() {
        let graph = graph("resnet");
        let joint = graph.nodes.iter().find(|n| matches!(n.layer, LayerSpec::Add(_))).unwrap();
        let seen = lineage_of(&graph, joint.id, 3);
        let Feed::Node(before) = *joint.inputs.last().unwrap() else { panic!() };
        assert!(seen[before.0].is_some());
        // The channel goes past the branch, and all channels through its convolutions.
        assert_eq!(sources_of(joint, 3), vec![3..4, 3..4]);
        assert!(seen.iter().flatten().any(|s| s.len() == 16));
    }
}
