//! The network as layers within layers, each with what the graph found out about it.

use engine::{
    Graph, Node, Pair, Param, Shape,
    json::{self, Read},
};
use serde_json::Value;

use crate::ExchangeError;

/// A layer with its settings as a specification writes them.
#[derive(Debug)]
pub struct Layer<'a> {
    pub op: String,
    /// Short and unique: `conv1`.
    pub name: &'a str,
    settings: Value,
    pub input: Shape,
    pub output: Shape,
    /// Trained tensors, then running statistics.
    pub params: Vec<&'a Param>,
    /// Of a join: the layers of each branch.
    pub branches: Vec<Vec<Layer<'a>>>,
}

impl<'a> Layer<'a> {
    pub fn get<T: Read>(&self, key: &str) -> Result<T, ExchangeError> {
        let value = self.settings.get(key).cloned().unwrap_or_default();
        T::read(value).map_err(|e| self.wrong(format!("`{key}`: {e}")))
    }

    pub fn pair(&self, key: &str) -> Result<Pair, ExchangeError> {
        self.get(key)
    }

    pub fn count(&self, key: &str) -> Result<usize, ExchangeError> {
        self.get(key)
    }

    pub fn number(&self, key: &str) -> Result<f32, ExchangeError> {
        self.get(key)
    }

    pub fn flag(&self, key: &str) -> Result<bool, ExchangeError> {
        self.get(key)
    }

    /// A setting that is left out where it is off.
    pub fn switch(&self, key: &str) -> Result<bool, ExchangeError> {
        Ok(self.get::<Option<bool>>(key)?.unwrap_or(false))
    }

    fn wrong(&self, cause: String) -> ExchangeError {
        ExchangeError::Setting { layer: self.name.to_owned(), op: self.op.clone(), cause }
    }

    /// The tensor that PyTorch calls so, without the layer's place: `weight`.
    pub fn param(&self, name: &str) -> Result<&'a Param, ExchangeError> {
        let is_it = |p: &&&Param| p.name.rsplit('.').next() == Some(name);
        self.params.iter().find(is_it).copied().ok_or_else(|| self.wrong(format!("there is no tensor `{name}`")))
    }
}

/// The layers of the network, joins with their branches.
pub fn tree(graph: &Graph) -> Result<Vec<Layer<'_>>, ExchangeError> {
    let cause = |e: serde_json::Error| ExchangeError::Json { cause: e.to_string() };
    // By way of the text, for it has the shortest digits of every number.
    let layers = Vec::read(json::value(&graph.spec.layers).map_err(cause)?).map_err(cause)?;
    grow(graph, layers, &mut graph.nodes.iter())
}

/// The graph lists a join's branches before the join: `nodes` says what comes next.
fn grow<'a>(graph: &'a Graph, layers: Vec<Value>, nodes: &mut std::slice::Iter<'a, Node>) -> Result<Vec<Layer<'a>>, ExchangeError> {
    let mut grown = Vec::with_capacity(layers.len());
    for settings in layers {
        let written = match settings.get("branches") {
            Some(branches) => Vec::read(branches.clone()).map_err(|e| ExchangeError::Json { cause: e.to_string() })?,
            None => Vec::<Vec<Value>>::new(),
        };
        let branches = written.into_iter().map(|layers| grow(graph, layers, nodes)).collect::<Result<_, _>>()?;
        let Some(node) = nodes.next() else { return Err(ExchangeError::Json { cause: "more layers than nodes".to_owned() }) };
        grown.push(Layer {
            op: node.layer.op().kind().name.to_owned(),
            name: &node.name,
            settings,
            input: node.input,
            output: node.output,
            params: graph.params[node.params.clone()].iter().chain(&graph.state[node.state.clone()]).collect(),
            branches,
        });
    }
    Ok(grown)
}
