//! A cell's number, written out: the formula, its numbers, every product, and what the engine gives.

use engine::{
    Graph, LayerSpec, Shape,
    graph::Feed,
    ops::account::{Account, Form, Term},
};
use leptos::prelude::*;

use super::{
    formula,
    picture::{Desk, account, tensor_of},
};
use crate::{reaction::live, widgets::number};

/// Channels of which the numbers are shown; of more the strongest.
const CHANNELS: usize = 8;
/// Of a long list of products so many of each sign.
const RANKED: usize = 8;
/// A grid of more cells is told as a list.
const GRID: usize = 130;

/// The arithmetic of the cell that is open.
#[component]
pub fn Arithmetic(desk: Desk) -> impl IntoView {
    let state = desk.lab.state;
    let told = Memo::new(move |_| {
        state.frame_tick.track();
        let opening = desk.opening.get()?;
        let graph = state.graph.get()?;
        let (account, output) = account(state, &graph, opening, opening.cell?)?;
        Some((Written::of(&graph, opening.node.0, &account, output), account))
    });
    let formulas = move || told.with(|told| told.as_ref().map(|(_, account)| (formula::general(account), formula::live(account))));
    let rows = move || told.with(|told| told.as_ref().map(|(written, _)| written.lines.clone())).unwrap_or_default();
    let grids = move || {
        told.with(|told| told.as_ref().map(|(written, _)| written.view()))
            .unwrap_or_else(|| view! { <p class="stage-wait">"The numbers are on their way."</p> }.into_any())
    };
    view! {
        <div class="stage-sums" data-testid="arithmetic">
            <div class="stage-formula" inner_html=move || formulas().map(|f| f.0).unwrap_or_default()></div>
            <div class="stage-formula live" tabindex="0" role="group" aria-label="The formula with its numbers" data-testid="arithmetic-live" inner_html=move || formulas().map(|f| f.1).unwrap_or_default()></div>
            <dl class="stage-lines number">
                {move || rows().into_iter().map(|(name, value, mark)| view! { <div data-testid=mark><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}
            </dl>
            {live(grids)}
        </div>
    }
}

/// What is said beside the formula.
#[derive(Clone, Debug, PartialEq)]
struct Written {
    lines: Vec<(String, String, &'static str)>,
    groups: Vec<Group>,
    /// Largest and smallest products of a long list, with where they are from.
    ranked: Vec<(String, String)>,
    rest: Option<String>,
}

/// The terms of one channel.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    name: String,
    cols: usize,
    cells: Vec<Entry>,
    sum: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    value: f32,
    /// What it is multiplied by.
    factor: Option<f32>,
    /// What stands here where it is no plain number of the map.
    note: Option<String>,
    beyond: bool,
    chosen: bool,
}

impl Written {
    fn of(graph: &Graph, node: usize, account: &Account, output: f32) -> Self {
        let mut written = Self { lines: Vec::new(), groups: Vec::new(), ranked: Vec::new(), rest: None };
        let Some(node) = graph.nodes.get(node) else { return written };
        let number = |value: f64| number::signed(value as f32);
        if matches!(account.form, Form::Sum { .. }) {
            written.lines.push((
                if account.terms.iter().any(|t| t.factor != 1.0) { "sum of the products" } else { "sum" }.to_owned(),
                number(account.sum()),
                "arithmetic-sum",
            ));
        }
        for (name, value) in formula::facts(&account.form) {
            written.lines.push((name, value, "arithmetic-fact"));
        }
        written.lines.push(("written out".to_owned(), number(account.result()), "arithmetic-result"));
        written.lines.push(("the engine's number".to_owned(), number::signed(output), "arithmetic-engine"));
        let shapes: Vec<Shape> = node.shapes().collect();
        let weighed = account.terms.iter().any(|t| t.factor != 1.0);
        let mut channels: Vec<(usize, usize, Vec<usize>)> = Vec::new();
        for (i, term) in account.terms.iter().enumerate() {
            // Padding belongs to the channel that it stands in: that of the terms around it.
            let channel = term.from.map(|[c, ..]| c).or_else(|| nearest(&account.terms, i)).unwrap_or(0);
            match channels.iter_mut().find(|(input, c, _)| (*input, *c) == (term.input, channel)) {
                Some((.., own)) => own.push(i),
                None => channels.push((term.input, channel, vec![i])),
            }
        }
        let single = channels.len() > GRID || channels.iter().all(|(.., own)| own.len() == 1) && channels.len() > CHANNELS;
        if single || account.terms.len() / channels.len().max(1) > GRID {
            written.rank(graph, node.inputs.first().copied(), account);
            return written;
        }
        let strength = |own: &[usize]| own.iter().map(|i| account.terms[*i].product().abs()).sum::<f64>();
        let count = channels.len();
        if count > CHANNELS {
            engine::order::sort_by(&mut channels, |a, b| strength(&b.2).total_cmp(&strength(&a.2)));
            let rest: f64 = channels[CHANNELS..].iter().flat_map(|(.., own)| own).map(|i| account.terms[*i].product()).sum();
            written.rest = Some(format!("and {} more channels, which add up to {}", count - CHANNELS, number(rest)));
            channels.truncate(CHANNELS);
        }
        for (input, channel, own) in channels {
            let shape = shapes.get(input).copied().unwrap_or(node.input);
            let top = account.terms[own[0]].at[0];
            let cols = own.iter().take_while(|i| account.terms[**i].at[0] == top).count().max(1);
            let cells = own.iter().map(|i| entry(&node.layer, &account.terms[*i], shape, weighed, account.chosen == Some(*i))).collect();
            let sum = weighed.then(|| own.iter().map(|i| account.terms[*i].product()).sum());
            let from = node.inputs.get(input).map_or(String::new(), |feed| name_of(graph, *feed));
            written.groups.push(Group { name: format!("{from} {}", channel + 1), cols, cells, sum });
        }
        written
    }

    /// The largest products of each sign.
    fn rank(&mut self, graph: &Graph, feed: Option<Feed>, account: &Account) {
        let mut order: Vec<&Term> = account.terms.iter().collect();
        engine::order::sort_by(&mut order, |a, b| b.product().total_cmp(&a.product()));
        let shape = feed.and_then(|feed| before_flatten(graph, feed));
        let weighed = matches!(account.form, Form::Sum { .. });
        let told = |term: &Term| {
            let place = term.from.map_or(String::new(), |[c, y, x]| match shape {
                Some(shape) => {
                    format!("map {}, row {}, column {}", c / shape.plane() + 1, c % shape.plane() / shape.w + 1, c % shape.w + 1)
                }
                None => format!("{} · {} · {}", c + 1, y + 1, x + 1),
            });
            let value = number::signed(term.value);
            let text = if weighed {
                format!("{value} × {} = {}", number::signed(term.factor), number::signed(term.product() as f32))
            } else {
                value
            };
            (place, text)
        };
        let few = order.len() <= 2 * RANKED;
        let first = order.iter().take(if few { order.len() } else { RANKED });
        let last = order.iter().skip(if few { order.len() } else { order.len() - RANKED });
        self.ranked = first.chain(last).map(|term| told(term)).collect();
        if !few {
            self.rest = Some(format!("the {RANKED} largest and the {RANKED} smallest of {}", order.len()));
        }
    }

    fn view(&self) -> AnyView {
        let groups = self.groups.iter().map(Group::view).collect_view();
        let ranked = self
            .ranked
            .iter()
            .map(|(place, text)| view! { <tr><th scope="row">{place.clone()}</th><td class="number">{text.clone()}</td></tr> })
            .collect_view();
        let has_ranked = !self.ranked.is_empty();
        view! {
            <div class="stage-groups">{groups}</div>
            {has_ranked.then(|| view! { <table class="stage-ranked" data-testid="ranked"><tbody>{ranked}</tbody></table> })}
            <p class="stage-rest">{self.rest.clone()}</p>
        }
        .into_any()
    }
}

impl Group {
    fn view(&self) -> AnyView {
        let rows = self
            .cells
            .chunks(self.cols)
            .map(|row| {
                let cells = row
                    .iter()
                    .map(|cell| {
                        let factor = cell.factor.map(|f| view! { <small>{format!("× {}", number::signed(f))}</small> });
                        view! {
                            <td class:beyond=cell.beyond class:chosen=cell.chosen title=cell.note.clone()>
                                {if cell.beyond && cell.note.is_none() { "–".to_owned() } else { number::signed(cell.value) }}{factor}
                            </td>
                        }
                    })
                    .collect_view();
                view! { <tr>{cells}</tr> }
            })
            .collect_view();
        let notes: Vec<String> = self.cells.iter().filter(|c| c.beyond).filter_map(|c| c.note.clone()).collect();
        let first = notes.first().cloned();
        view! {
            <figure class="stage-group">
                <table class="number"><tbody>{rows}</tbody></table>
                <figcaption>
                    <span>{self.name.clone()}</span>
                    {self.sum.map(|sum| view! { <span class="number">{format!("Σ {}", number::signed(sum as f32))}</span> })}
                    {first.map(|note| view! { <span class="stage-note">{note}{(notes.len() > 1).then(|| format!(" (and {} more)", notes.len() - 1))}</span> })}
                </figcaption>
            </figure>
        }
        .into_any()
    }
}

/// The channel of the next term that is in a map.
fn nearest(terms: &[Term], at: usize) -> Option<usize> {
    // Terms stand channel by channel, as many of each.
    let found = terms.iter().filter_map(|t| t.from.map(|[c, ..]| c));
    let (first, last) = (found.clone().min()?, found.max()?);
    Some(first + at * (last - first + 1) / terms.len().max(1))
}

fn entry(layer: &LayerSpec, term: &Term, shape: Shape, weighed: bool, chosen: bool) -> Entry {
    let beyond = term.is_beyond(shape);
    let [row, col] = term.at;
    let note = match (layer, term.from) {
        (LayerSpec::Conv2d(conv), Some([_, y, x])) if beyond => Some(format!(
            "padding ({}): row {}, column {} lies outside; the number of row {}, column {} stands there",
            conv.pad_mode.name(),
            row + 1,
            col + 1,
            y + 1,
            x + 1
        )),
        (_, None) => Some(format!("padding: row {}, column {} lies outside; 0 stands there", row + 1, col + 1)),
        _ => None,
    };
    Entry { value: term.value, factor: weighed.then_some(term.factor), note, beyond, chosen }
}

pub fn name_of(graph: &Graph, feed: Feed) -> String {
    match tensor_of(feed) {
        engine::Tensor::Output(id) => graph.nodes.get(id.0).map_or(String::new(), |n| n.name.clone()),
        _ => "image".to_owned(),
    }
}

/// The maps that a flattened layer was made from.
pub fn before_flatten(graph: &Graph, feed: Feed) -> Option<Shape> {
    let Feed::Node(id) = feed else { return None };
    let node = graph.nodes.get(id.0)?;
    match node.layer {
        LayerSpec::Flatten(_) => Some(node.input),
        _ if super::model::passes_on(node) => before_flatten(graph, *node.inputs.first()?),
        _ => None,
    }
}
