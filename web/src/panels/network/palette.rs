//! What can be put into a network: operators by family, blocks, whole networks; found by pointing or by typing.

use engine::{
    Graph, LayerSpec, ModelSpec,
    blocks::{BLOCKS, Block},
    ops::{Family, KINDS, Kind},
    presets::{PRESETS, Preset},
};
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::{Bench, drag::Held, shape};
use crate::{state::builder::Builder, widgets::number};

/// Channels of a block where the maps before it are few.
const CHANNELS: usize = 16;

/// Something new for the network.
#[derive(Clone, Copy, Debug)]
pub enum Made {
    Layer(&'static Kind),
    Block(&'static Block),
    Network(&'static Preset),
}

impl PartialEq for Made {
    fn eq(&self, other: &Self) -> bool {
        self.testid() == other.testid()
    }
}

impl Made {
    fn all() -> impl Iterator<Item = Self> {
        let kinds = KINDS.iter().map(|kind| Self::Layer(kind));
        kinds.chain(BLOCKS.iter().map(Self::Block)).chain(PRESETS.iter().map(Self::Network))
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Layer(kind) => kind.title,
            Self::Block(block) => block.title,
            Self::Network(preset) => preset.title,
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Layer(kind) => kind.summary(),
            Self::Block(block) => block.about,
            Self::Network(preset) => preset.about,
        }
    }

    fn testid(self) -> String {
        match self {
            Self::Layer(kind) => format!("add-{}", kind.name),
            Self::Block(block) => format!("block-{}", block.slug),
            Self::Network(preset) => format!("net-{}", preset.slug),
        }
    }

    fn glyph(self) -> &'static str {
        match self {
            Self::Layer(kind) => shape::path(kind.family),
            Self::Block(_) => shape::BLOCK,
            Self::Network(_) => shape::NETWORK,
        }
    }

    /// How well its name or what is said of it answers a search; the greater the better.
    fn answers(self, query: &str) -> u8 {
        let name = if let Self::Layer(kind) = self { kind.name } else { "" };
        let title = self.title().to_ascii_lowercase();
        match () {
            () if title == query || name == query => 4,
            () if title.starts_with(query) || name.starts_with(query) => 3,
            () if title.contains(query) || name.contains(query) => 2,
            () if self.about().to_ascii_lowercase().contains(query) => 1,
            () => 0,
        }
    }

    fn group(self) -> Group {
        match self {
            Self::Layer(kind) => Group::Family(kind.family),
            Self::Block(_) => Group::Blocks,
            Self::Network(_) => Group::Networks,
        }
    }

    /// Weights and work of a network, where it is one.
    fn facts(self) -> Option<String> {
        let Self::Network(preset) = self else { return None };
        let graph = Graph::check(&preset.model()).ok()?;
        let work = number::large(graph.cost().multiply_adds as f64);
        Some(format!("{} weights, {work} work", number::grouped(graph.params_len() as u64)))
    }

    fn layers(self, model: &ModelSpec, gap: &[usize]) -> Vec<LayerSpec> {
        match self {
            Self::Layer(kind) => kind.usual().into_iter().collect(),
            Self::Block(block) => {
                let in_ch = model.shape_at(gap).map_or(CHANNELS, |shape| shape.ch);
                block.layers(in_ch, in_ch.max(CHANNELS), 1)
            }
            Self::Network(_) => Vec::new(),
        }
    }

    /// Puts it into the gap; a whole network takes the place of the one that was.
    pub fn put(self, builder: Builder, gap: &[usize]) {
        let model = builder.model();
        match self {
            Self::Network(preset) => builder.set(ModelSpec { init: model.init, ..preset.model() }, Vec::new()),
            _ => builder.insert(gap, self.layers(&model, gap)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Family(Family),
    Blocks,
    Networks,
}

impl Group {
    fn all() -> impl Iterator<Item = Self> {
        [Self::Networks, Self::Blocks].into_iter().chain(Family::ALL.into_iter().map(Self::Family))
    }

    fn title(self) -> &'static str {
        match self {
            Self::Family(family) => family.title(),
            Self::Blocks => "Blocks",
            Self::Networks => "Networks",
        }
    }

    fn slug(self) -> String {
        self.title().to_ascii_lowercase()
    }
}

/// What is offered: what answers the search, the best first, or all of a group.
fn offered(query: &str, group: Group) -> Vec<Made> {
    let query = query.trim().to_ascii_lowercase();
    if query.is_empty() {
        return Made::all().filter(|made| made.group() == group).collect();
    }
    let mut found: Vec<(u8, Made)> = Made::all().map(|made| (made.answers(&query), made)).filter(|(fit, _)| *fit > 0).collect();
    engine::order::sort_by_key(&mut found, |(fit, _)| u8::MAX - fit);
    found.into_iter().map(|(_, made)| made).collect()
}

#[component]
pub fn Palette(bench: Bench) -> impl IntoView {
    let query = RwSignal::new(String::new());
    let group = RwSignal::new(Group::Networks);
    let active = RwSignal::new(0_usize);
    let found = Memo::new(move |_| query.with(|q| offered(q, group.get())));
    let press = move |event: KeyboardEvent| {
        let count = found.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => active.update(|a| *a = (*a + 1) % count),
            "ArrowUp" => active.update(|a| *a = (*a + count - 1) % count),
            "Enter" => {
                if let Some(made) = found.with_untracked(|f| f.get(active.get_untracked()).copied()) {
                    add(bench, made);
                    query.set(String::new());
                    active.set(0);
                }
            }
            "Escape" => {
                query.set(String::new());
                bench.palette.set(false);
                bench.focus_list();
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <div class="network-palette" data-testid="palette">
            <input type="search" class="network-search" node_ref=bench.search data-testid="palette-search" placeholder="Find a layer" autocomplete="off"
                aria-label="Find a layer, block or network; Enter adds it" role="combobox" aria-expanded="true" aria-controls="network-offered"
                aria-activedescendant=move || found.with(|f| f.get(active.get()).map(|made| made.testid()))
                prop:value=move || query.get() on:keydown=press on:input=move |event| { query.set(event_target_value(&event)); active.set(0); }/>
            <div class="network-groups" role="radiogroup" aria-label="Kind">
                {Group::all().map(|own| view! {
                    <button role="radio" data-testid=format!("group-{}", own.slug()) aria-checked=move || (query.with(String::is_empty) && group.get() == own).to_string()
                        on:click=move |_| { query.set(String::new()); active.set(0); group.set(own); }>{own.title()}</button>
                }.into_any()).collect_view()}
            </div>
            <ul class="network-offered" id="network-offered" role="listbox" aria-label="What can be added">
                {move || {
                    let list = found.get();
                    let none = list.is_empty().then(|| view! { <li class="network-none">"Nothing is called so."</li> }.into_any());
                    (list.into_iter().enumerate().map(|(index, made)| item_view(bench, made, index, active)).collect_view(), none)
                }}
            </ul>
        </div>
    }
}

/// Behind what is chosen.
fn add(bench: Bench, made: Made) {
    made.put(bench.builder, &bench.builder.gap());
    bench.palette.set(false);
    bench.focus_list();
}

fn item_view(bench: Bench, made: Made, index: usize, active: RwSignal<usize>) -> AnyView {
    let chosen = move || matches!(made, Made::Network(p) if bench.builder.draft.with(|d| d.model.layers == p.model().layers));
    let pulled = StoredValue::new(false);
    view! {
        <li role="option" class="network-item" class:active=move || active.get() == index class:chosen=chosen id=made.testid() data-testid=made.testid()
            aria-selected=move || (active.get() == index).to_string() title=made.about()
            on:pointerdown=move |event| { pulled.set_value(false); bench.hold(Held::New(made), &event); } on:pointermove=move |event| bench.pull(&event)
            on:pointerup=move |_| pulled.set_value(bench.drop()) on:pointercancel=move |_| bench.let_go()
            on:click=move |_| if !pulled.get_value() { add(bench, made); }>
            {shape::glyph(made.glyph())}
            <b>{made.title()}</b>
            <span>{made.about()}</span>
            {made.facts().map(|facts| view! { <small class="number">{facts}</small> })}
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_found_by_its_name_and_stands_in_a_group() {
        for made in Made::all() {
            let found = offered(made.title(), Group::Blocks);
            let best = found[0].title();
            assert_eq!(best.to_ascii_lowercase(), made.title().to_ascii_lowercase(), "{best}");
            assert!(Group::all().any(|group| offered("", group).contains(&made)), "{}", made.title());
            assert!(made.about().len() > 10);
        }
        for kind in KINDS {
            assert_eq!(offered(kind.name, Group::Blocks)[0], Made::Layer(kind));
        }
        assert!(offered("no such thing", Group::Blocks).is_empty());
    }

    #[test]
    fn blocks_fit_the_maps_before_them() {
        let lens = PRESETS[0].model();
        for block in BLOCKS {
            let made = Made::Block(block).layers(&lens, &[3]);
            let with = lens.inserted(&[3], made).unwrap();
            assert!(with.shape_at(&[with.layers.len() - 11 + 3]).is_some(), "{}", block.slug);
        }
    }
}
