//! What one cell of a layer sees, back through every layer to the image.
//!
//! Windows are boxes, so rows and columns are followed apart, each as the exact set of places that
//! count: with padding that mirrors or wraps around, the places are not simply the window clipped.

use std::ops::Range;

use engine::{
    Graph, LayerSpec, Node, NodeId, Pair, Shape,
    graph::Feed,
    ops::{Window, conv2d::PadMode},
};

/// The part of the image or of a layer's output that a cell depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub at: Feed,
    pub rows: Range<usize>,
    pub cols: Range<usize>,
}

/// Places that count, along one axis.
type Places = Vec<bool>;

/// What cell (`y`, `x`) of `node` depends on: first the cell itself, then layer by layer back, the
/// image last. Boxes are the smallest around all that counts, within the layer's extents. Empty
/// where there is no such layer or cell.
pub fn field_of(graph: &Graph, node: NodeId, y: usize, x: usize) -> Vec<Field> {
    let Some(start) = graph.nodes.get(node.0).filter(|n| y < n.output.h && x < n.output.w) else {
        return Vec::new();
    };
    // What counts of each layer's output, and of the image behind them all.
    let image_at = graph.nodes.len();
    let mut seen: Vec<Option<[Places; 2]>> = vec![None; image_at + 1];
    let only = |at: usize, extent: usize| (0..extent).map(|i| i == at).collect();
    seen[node.0] = Some([only(y, start.output.h), only(x, start.output.w)]);
    let mut fields = Vec::new();
    for index in (0..=node.0).rev() {
        let Some([rows, cols]) = seen[index].take() else { continue };
        fields.push(Field { at: Feed::Node(NodeId(index)), rows: hull(&rows), cols: hull(&cols) });
        let node = &graph.nodes[index];
        let below = [0, 1].map(|axis| through(node, axis, if axis == 0 { &rows } else { &cols }));
        for (feed, shape) in node.inputs.iter().zip(node.shapes()) {
            let place = match feed {
                Feed::Image => image_at,
                Feed::Node(id) => id.0,
            };
            // One number of a gate may belong to all of a map.
            let extents = [shape.h, shape.w];
            let below: [Vec<bool>; 2] = std::array::from_fn(|axis| match &below[axis] {
                same if same.len() == extents[axis] => same.clone(),
                other => vec![other.contains(&true); extents[axis]],
            });
            seen[place] = Some(match seen[place].take() {
                None => below,
                Some(mut both) => {
                    for (have, more) in both.iter_mut().zip(&below) {
                        have.iter_mut().zip(more).for_each(|(a, b)| *a |= *b);
                    }
                    both
                }
            });
        }
    }
    if let Some([rows, cols]) = seen[image_at].take() {
        fields.push(Field { at: Feed::Image, rows: hull(&rows), cols: hull(&cols) });
    }
    fields
}

/// The theoretical field of a cell in the image, rows and columns, not clipped: it may reach into the padding.
/// Empty where there is no such layer.
pub fn unclipped(graph: &Graph, node: NodeId, y: usize, x: usize) -> [Range<i64>; 2] {
    [(0, y), (1, x)].map(|(axis, at)| {
        let image_at = graph.nodes.len();
        let mut seen: Vec<Option<Range<i64>>> = vec![None; image_at + 1];
        if node.0 < image_at {
            seen[node.0] = Some(at as i64..at as i64 + 1);
        }
        for index in (0..image_at).rev() {
            let Some(cells) = seen[index].take() else { continue };
            let below = beneath(&graph.nodes[index], axis, cells);
            for feed in &graph.nodes[index].inputs {
                let place = match feed {
                    Feed::Image => image_at,
                    Feed::Node(id) => id.0,
                };
                let known = seen[place].take().unwrap_or_else(|| below.clone());
                seen[place] = Some(known.start.min(below.start)..known.end.max(below.end));
            }
        }
        seen[image_at].take().unwrap_or(0..0)
    })
}

/// The cells of a node's input under a range of cells of its output, along one axis, as if there were no edge.
fn beneath(node: &Node, axis: usize, cells: Range<i64>) -> Range<i64> {
    let along = |shape: Shape| if axis == 0 { shape.h } else { shape.w };
    let pick = |pair: Pair| (if axis == 0 { pair.h } else { pair.w }) as i64;
    let (first, last) = (cells.start, cells.end - 1);
    match node.window() {
        Window::Point if along(node.output) == along(node.input) => cells,
        Window::Point | Window::Whole => 0..along(node.input) as i64,
        Window::Slide { kernel, stride, dilation, pad } => {
            let before = if axis == 0 { pad.top } else { pad.left } as i64;
            first * pick(stride) - before..last * pick(stride) - before + (pick(kernel) - 1) * pick(dilation) + 1
        }
        Window::Scale { step, first: offset, width, of } => {
            let begin = |cell: i64| cell * pick(step) + offset[axis];
            begin(first).div_euclid(pick(of))..-(-begin(last) - pick(width)).div_euclid(pick(of))
        }
    }
}

/// The places of a node's input that the places of its output depend on, along one axis.
fn through(node: &Node, axis: usize, places: &Places) -> Places {
    let along = |shape: Shape| if axis == 0 { shape.h } else { shape.w };
    let extent = along(node.input);
    match node.window() {
        Window::Whole => vec![true; extent],
        Window::Point if along(node.output) == extent => places.clone(),
        // A flattened unit is one cell of one channel, but which one its place does not tell.
        Window::Point => vec![true; extent],
        Window::Slide { kernel, stride, dilation, pad } => {
            let (kernel, stride, dilation, before) = match axis {
                0 => (kernel.h, stride.h, dilation.h, pad.top),
                _ => (kernel.w, stride.w, dilation.w, pad.left),
            };
            let beyond = match &node.layer {
                LayerSpec::Conv2d(conv) => conv.pad_mode,
                // Padding of a pooling gives nothing, like zeros.
                _ => PadMode::Zeros,
            };
            let mut below = vec![false; extent];
            for at in (0..places.len()).filter(|at| places[*at]) {
                for tap in 0..kernel {
                    let place = (at * stride + tap * dilation) as isize - before as isize;
                    if let Some(source) = beyond.source(place, extent) {
                        below[source] = true;
                    }
                }
            }
            below
        }
        Window::Scale { .. } => {
            let mut below = vec![false; extent];
            for at in (0..places.len()).filter(|at| places[*at]) {
                let under = beneath(node, axis, at as i64..at as i64 + 1);
                let inside = |place: i64| place.clamp(0, extent as i64) as usize;
                below[inside(under.start)..inside(under.end)].fill(true);
            }
            below
        }
    }
}

/// The smallest range around all places that count.
fn hull(places: &Places) -> Range<usize> {
    match (places.iter().position(|p| *p), places.iter().rposition(|p| *p)) {
        (Some(first), Some(last)) => first..last + 1,
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::{
        Cpu, Mode, ModelSpec, OptimizerSpec, Padding, Pair, Plan, PlanOptions, Run, Sides, StepInputs, Tensor,
        ops::{
            AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, BatchNorm2d, Conv2d, Dense, Flatten, GlobalAvgPool2d, MaxPool2d, ParamRole,
            Relu, UpsampleBilinear2d, UpsampleNearest2d,
        },
        plan::Watch,
    };

    use super::*;

    fn conv(kernel: Pair, stride: usize, pad: impl Into<Padding>, pad_mode: PadMode, dilation: usize) -> LayerSpec {
        Conv2d {
            out_ch: 2,
            kernel,
            stride: Pair::square(stride),
            pad: pad.into(),
            pad_mode,
            dilation: Pair::square(dilation),
            ..Conv2d::default()
        }
        .into()
    }

    fn graph(h: usize, w: usize, layers: Vec<LayerSpec>) -> Arc<Graph> {
        Arc::new(Graph::check(&ModelSpec { input: Shape::new(1, h, w), layers, init: engine::Init::default() }).unwrap())
    }

    /// Runs the network with weights of one on images of a single white pixel: every unit that sees
    /// the pixel, and no other, is then above zero.
    fn brute_force(graph: &Arc<Graph>) -> Vec<Vec<[Places; 2]>> {
        let plan = Plan::compile(graph, &PlanOptions { batch: 1, mode: Mode::Eval, watch: Watch::Everything }).unwrap();
        let (mut cpu, mut run) = (Cpu::new(graph, OptimizerSpec::default(), 1), Run::new(plan));
        for param in &graph.params {
            cpu.params[param.range.clone()].fill(if param.role == ParamRole::Bias { 0.0 } else { 1.0 });
        }
        let image = graph.spec.input;
        let mut seen: Vec<Vec<[Places; 2]>> =
            graph.nodes.iter().map(|n| vec![[vec![false; image.h], vec![false; image.w]]; n.output.plane()]).collect();
        for pixel in 0..image.plane() {
            run.images.fill(0.0);
            run.images[pixel] = 1.0;
            cpu.forward(&mut run, &StepInputs::default());
            for node in &graph.nodes {
                let output = cpu.read(&run, Tensor::Output(node.id)).unwrap();
                for (i, _) in output.iter().enumerate().filter(|(_, v)| **v > 0.0) {
                    let [rows, cols] = &mut seen[node.id.0][i % node.output.plane()];
                    rows[pixel / image.w] = true;
                    cols[pixel % image.w] = true;
                }
            }
        }
        seen
    }

    fn assert_matches_brute_force(graph: &Arc<Graph>) {
        let seen = brute_force(graph);
        for node in &graph.nodes {
            for y in 0..node.output.h {
                for x in 0..node.output.w {
                    let fields = field_of(graph, node.id, y, x);
                    let image = fields.last().unwrap();
                    let [rows, cols] = &seen[node.id.0][y * node.output.w + x];
                    assert_eq!(image.at, Feed::Image);
                    assert_eq!((&image.rows, &image.cols), (&hull(rows), &hull(cols)), "{} at ({y}, {x})", node.name);
                }
            }
        }
    }

    #[test]
    fn a_usual_network_by_brute_force() {
        assert_matches_brute_force(&graph(
            12,
            11,
            vec![
                conv(Pair::new(3, 5), 1, Sides::new(1, 0, 2, 1), PadMode::Zeros, 1),
                BatchNorm2d::default().into(),
                Relu {}.into(),
                MaxPool2d::default().into(),
                conv(Pair::square(3), 2, Sides::all(1), PadMode::Zeros, 1),
                AvgPool2d { kernel: Pair::square(2), stride: Pair::one(), ..AvgPool2d::default() }.into(),
                GlobalAvgPool2d {}.into(),
                Dense { out: 10, bias: true }.into(),
            ],
        ));
    }

    #[test]
    fn every_padding_mode_by_brute_force() {
        for mode in PadMode::ALL {
            assert_matches_brute_force(&graph(
                9,
                10,
                vec![conv(Pair::square(3), 1, Sides::all(3), mode, 2), conv(Pair::new(2, 3), 2, Sides::new(1, 0, 0, 2), mode, 1)],
            ));
        }
    }

    #[test]
    fn strides_with_holes_by_brute_force() {
        assert_matches_brute_force(&graph(
            16,
            16,
            vec![
                conv(Pair::one(), 3, Sides::default(), PadMode::Zeros, 1),
                conv(Pair::square(3), 1, Sides::all(2), PadMode::Reflect, 2),
                Flatten {}.into(),
                Dense { out: 10, bias: true }.into(),
            ],
        ));
    }

    #[test]
    fn upsampling_and_adaptive_boxes_by_brute_force() {
        let (twice, uneven) = (Pair::square(2), Pair::new(3, 2));
        for up in [UpsampleNearest2d { scale_factor: twice }.into(), UpsampleBilinear2d { scale_factor: uneven }.into()] {
            assert_matches_brute_force(&graph(
                7,
                6,
                vec![
                    conv(Pair::square(3), 2, Sides::all(1), PadMode::Zeros, 1),
                    up,
                    conv(Pair::square(3), 1, Sides::all(1), PadMode::Zeros, 1),
                    AdaptiveAvgPool2d { output: Pair::new(5, 4) }.into(),
                ],
            ));
        }
        assert_matches_brute_force(&graph(
            7,
            6,
            vec![
                AdaptiveAvgPool2d { output: Pair::new(3, 4) }.into(),
                AdaptiveMaxPool2d { output: Pair::new(5, 1) }.into(),
                Flatten {}.into(),
                Dense { out: 2, bias: true }.into(),
            ],
        ));
    }

    /// The sizes and starts that a graph states against the cells' own fields.
    #[test]
    fn reach_is_that_of_the_cell_that_sees_most() {
        let up = |n| LayerSpec::from(UpsampleNearest2d { scale_factor: Pair::square(n) });
        let smooth = |n| LayerSpec::from(UpsampleBilinear2d { scale_factor: Pair::square(n) });
        let plain = |k, stride| conv(Pair::square(k), stride, Sides::all(k / 2), PadMode::Zeros, 1);
        let adaptive = |n| LayerSpec::from(AdaptiveAvgPool2d { output: Pair::square(n) });
        for mut layers in [
            vec![up(2), plain(2, 1), plain(3, 1)],
            vec![plain(3, 2), up(2), plain(3, 1), plain(3, 1)],
            vec![plain(3, 2), up(3), up(2), plain(5, 1), plain(4, 2)],
            vec![up(4), plain(3, 2), plain(3, 2), plain(3, 1)],
            vec![smooth(2), plain(3, 1)],
            vec![plain(3, 2), smooth(3), plain(2, 1)],
            vec![adaptive(7), plain(3, 1)],
            vec![plain(2, 2), adaptive(6), plain(2, 1)],
        ] {
            // Something to learn, so that it is a network.
            layers.push(plain(1, 1));
            let g = graph(21, 21, layers.clone());
            for node in &g.nodes {
                let rows = |at| unclipped(&g, node.id, at, 0)[0].clone();
                let largest = (0..node.output.h).map(|at| (rows(at).end - rows(at).start) as usize).max();
                assert_eq!(Some(node.reach.size[0]), largest, "{} in {layers:?}", node.name);
                assert_eq!(node.reach.start[0], rows(0).start, "{} in {layers:?}", node.name);
                let (jump, per) = (node.reach.jump[0], node.reach.per[0]);
                if per < node.output.h {
                    assert_eq!(rows(per).start, rows(0).start + jump as i64, "{} in {layers:?}", node.name);
                }
            }
        }
    }

    #[test]
    fn each_layer_on_the_way_by_hand() {
        // Cell (2, 0) of a 3×3 convolution with padding, behind a pooling of 2, behind another such convolution.
        let same = || conv(Pair::square(3), 1, Sides::all(1), PadMode::Zeros, 1);
        let g = graph(8, 8, vec![same(), MaxPool2d::default().into(), same()]);
        let field = |at: Feed, rows: Range<usize>, cols: Range<usize>| Field { at, rows, cols };
        assert_eq!(
            field_of(&g, NodeId(2), 2, 0),
            [
                field(Feed::Node(NodeId(2)), 2..3, 0..1),
                field(Feed::Node(NodeId(1)), 1..4, 0..2),
                field(Feed::Node(NodeId(0)), 2..8, 0..4),
                field(Feed::Image, 1..8, 0..5),
            ]
        );
        assert_eq!(unclipped(&g, NodeId(2), 2, 0), [1..9, -3..5]);
    }

    #[test]
    fn what_is_not_there_has_no_field() {
        let g = graph(8, 8, vec![conv(Pair::square(3), 1, Sides::default(), PadMode::Zeros, 1)]);
        assert!(field_of(&g, NodeId(1), 0, 0).is_empty());
        assert!(field_of(&g, NodeId(0), 6, 0).is_empty());
        assert_eq!(field_of(&g, NodeId(0), 5, 5).len(), 2);
    }
}
