//! Columns into lanes: lists from left to right, branches below each other.

use std::collections::BTreeMap;

use engine::{
    Graph, LayerSpec, Node, ParamId, Tensor,
    graph::Feed,
    ops::{Kind, ParamRole, Signs, Window},
};

use super::{
    BlockKind, Column, GUTTER, HEAD_WIDTH, LANE, Layout, PAST, SPLIT, THIN, WEIGHTS_WIDTH, WIDEST,
    block::{Room, grid, kernels, vector},
    passes_on,
};

/// Least height of these layers with all lanes of their joins.
pub fn lanes(layers: &[LayerSpec]) -> f64 {
    let of = |layer: &LayerSpec| layer.op().branches().iter().map(|branch| if branch.is_empty() { PAST } else { lanes(branch) }).sum();
    layers.iter().map(of).fold(LANE, f64::max)
}

pub struct Making<'a> {
    graph: &'a Graph,
    side: f64,
    ratio: f64,
    pages: &'a BTreeMap<usize, usize>,
    columns: Vec<Column>,
}

impl<'a> Making<'a> {
    pub fn new(graph: &'a Graph, side: f64, ratio: f64, pages: &'a BTreeMap<usize, usize>) -> Self {
        Self { graph, side, ratio, pages, columns: Vec::new() }
    }

    pub fn lay(mut self, height: f64) -> Layout {
        let image = self.graph.spec.input;
        let mut first = Column {
            node: None,
            name: "input".to_owned(),
            title: "the image".to_owned(),
            shape: image.to_string(),
            params: 0,
            sees: [1, 1],
            x: 0.0,
            width: 0.0,
            top: 0.0,
            bottom: height,
            maps: None,
            kernels: None,
            signed: false,
            ways: Vec::new(),
        };
        let room = Room { side: self.side * 1.8, ..self.room(&first) };
        first.maps = Some(grid(Tensor::Input, BlockKind::Image, image.ch, image.h, image.w, room, 0));
        let x = self.put(first, 0.0);
        let graph = self.graph;
        let end = self.list(&graph.spec.layers, x, 0.0, height);
        Layout { columns: self.columns, width: end - GUTTER, height }
    }

    fn room(&self, column: &Column) -> Room {
        Room { side: self.side, height: column.bottom - column.top - column.head() - 4.0, width: self.side * WIDEST, ratio: self.ratio }
    }

    /// Layers one after another from `x` on, between `top` and `bottom`; says where the next one would stand.
    fn list(&mut self, layers: &[LayerSpec], mut x: f64, top: f64, bottom: f64) -> f64 {
        for layer in layers {
            let branches = layer.op().branches();
            let mut ways = Vec::new();
            if !branches.is_empty() {
                // What is left beyond the least that each lane needs is shared by all that have layers.
                let least = |branch: &Vec<LayerSpec>| if branch.is_empty() { PAST } else { lanes(branch) };
                let needed: f64 = branches.iter().map(least).sum();
                let full = branches.iter().filter(|b| !b.is_empty()).count().max(1) as f64;
                let more = ((bottom - top - needed) / full).max(0.0);
                let (mut lane, mut end, mut ends) = (top, x, Vec::new());
                for branch in branches {
                    let height = least(branch) + if branch.is_empty() { 0.0 } else { more };
                    let to = self.list(branch, x, lane, lane + height);
                    ends.push([to - GUTTER / 2.0, lane + height / 2.0]);
                    end = end.max(to);
                    lane += height;
                }
                ways = ends.into_iter().map(|[from, y]| [from, end - GUTTER / 2.0, y]).collect();
                // Room to come together again.
                x = end + GUTTER;
            }
            let Some(node) = self.graph.nodes.get(self.columns.len() - 1) else { return x };
            x = self.put(column(self, node, top, bottom, ways), x);
        }
        x
    }

    /// Puts the column at `x`; says where the next one would stand.
    fn put(&mut self, mut column: Column, x: f64) -> f64 {
        let kernels = column.kernels.map_or(0.0, |b| b.width() + SPLIT);
        let maps = column.maps.map_or(0.0, |b| b.width());
        let least = match (&column.maps, column.params) {
            (None, _) => THIN,
            (Some(_), 0) => HEAD_WIDTH,
            (Some(_), _) => WEIGHTS_WIDTH,
        };
        column.x = x;
        column.width = (kernels + maps).max(least);
        let left = x + (column.width - kernels - maps) / 2.0;
        let (top, bottom) = (column.top + column.head(), column.bottom - 2.0);
        if let Some(block) = &mut column.kernels {
            block.place(left.round(), top, bottom);
        }
        if let Some(block) = &mut column.maps {
            block.place((left + kernels).round(), top, bottom);
        }
        let end = x + column.width + GUTTER;
        self.columns.push(column);
        end
    }

    fn signed(&self, node: &Node) -> bool {
        let before = node.inputs.iter().any(|feed| match feed {
            Feed::Image => self.columns[0].signed,
            Feed::Node(id) => self.columns[id.0 + 1].signed,
        });
        is_signed(node.layer.op().kind(), before)
    }
}

fn column(making: &Making, node: &Node, top: f64, bottom: f64, ways: Vec<[f64; 3]>) -> Column {
    let graph = making.graph;
    let mut column = Column {
        node: Some(node.id),
        name: node.name.clone(),
        title: title(node),
        shape: node.output.to_string(),
        params: graph.params[node.params.clone()].iter().map(|p| p.range.len()).sum(),
        sees: node.reach.size,
        x: 0.0,
        width: 0.0,
        top,
        bottom,
        maps: None,
        kernels: None,
        signed: making.signed(node),
        ways,
    };
    let room = making.room(&column);
    let (out, tensor) = (node.output, Tensor::Output(node.id));
    column.maps = if passes_on(node) {
        None
    } else if out.is_flat() {
        Some(vector(tensor, out.ch, room))
    } else {
        let page = making.pages.get(&node.id.0).copied().unwrap_or(0);
        Some(grid(tensor, BlockKind::Maps, out.ch, out.h, out.w, room, page))
    };
    let weight = node.params.clone().find(|i| graph.params[*i].role == ParamRole::Weight && graph.params[*i].dims.len() == 4);
    column.kernels = weight
        .zip(column.maps.as_ref())
        .filter(|_| matches!(node.layer, LayerSpec::Conv2d(_)))
        .map(|(i, maps)| kernels(ParamId(i), &graph.params[i].dims, maps, room));
    column
}

fn is_signed(kind: &Kind, before: bool) -> bool {
    match kind.signs {
        Signs::Both => true,
        Signs::Positive => false,
        Signs::AsInput => before,
    }
}

/// What the layer is, with the size of its window where it has one.
fn title(node: &Node) -> String {
    let kind = node.layer.op().kind().title.to_ascii_lowercase();
    match node.window() {
        Window::Slide { kernel, .. } => format!("{}×{} {kind}", kernel.h, kernel.w),
        _ => kind,
    }
}
