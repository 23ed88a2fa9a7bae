//! `kernelscope describe`.

use std::sync::Arc;

use engine::{Graph, Mode, Node, Plan, PlanOptions, plan::Watch};
use serde::Serialize;

use crate::{arguments::Describe, error::Error, table};

/// What `--json` prints: one for each layer.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    /// Place in the specification; in a join: its own, the branch's, the layer's in the branch.
    path: &'a [usize],
    op: &'static str,
    output: [usize; 3],
    parameters: usize,
    multiply_adds: u64,
    /// In a training step of the batch asked for: output, its gradient, and what is kept for the way back.
    memory_bytes: usize,
    receptive_field: [usize; 2],
}

pub fn run(order: &Describe) -> Result<(), Error> {
    let spec = order.network.spec()?.unwrap_or_default();
    let graph = Arc::new(Graph::check(&spec.model).map_err(|cause| Error::Refused { cause })?);
    let options = PlanOptions { batch: order.batch, mode: Mode::Train, watch: Watch::Nothing };
    let plan = Plan::compile(&graph, &options).map_err(|cause| Error::Refused { cause })?;
    let rows: Vec<Row<'_>> = graph.nodes.iter().map(|node| row(&graph, node, order.batch)).collect();
    if order.json {
        for row in &rows {
            println!("{}", serde_json::to_string(row)?);
        }
        return Ok(());
    }
    let head = ["layer", "operator", "output", "parameters", "multiply-adds", "KiB", "sees"];
    let mut cells = vec![head.map(str::to_owned).to_vec()];
    for (row, node) in rows.iter().zip(&graph.nodes) {
        // Layers of a branch stand a step to the left of the join that follows them.
        let depth = row.path.len() / 2;
        cells.push(vec![
            format!("{}{}", row.name, " ·".repeat(depth)),
            row.op.to_owned(),
            node.output.to_string(),
            grouped(row.parameters as u64),
            grouped(row.multiply_adds),
            grouped(row.memory_bytes.div_ceil(1024) as u64),
            format!("{}×{}", row.receptive_field[0], row.receptive_field[1]),
        ]);
    }
    print!("{}", table::aligned(&cells));
    println!(
        "\n{} parameters, {} multiply-adds for an image, {} KiB for a training step of {}",
        grouped(graph.params_len() as u64),
        grouped(graph.cost().multiply_adds),
        grouped(plan.regions.size_bytes().div_ceil(1024) as u64),
        order.batch
    );
    Ok(())
}

fn row<'a>(graph: &Graph, node: &'a Node, batch: usize) -> Row<'a> {
    Row {
        name: &node.name,
        path: &node.path,
        op: node.layer.op().kind().name,
        output: node.output.into(),
        parameters: graph.params[node.params.clone()].iter().map(|p| p.range.len()).sum(),
        multiply_adds: node.cost.multiply_adds,
        memory_bytes: node.memory_bytes(batch, Mode::Train),
        receptive_field: node.reach.size,
    }
}

/// Digits in threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
