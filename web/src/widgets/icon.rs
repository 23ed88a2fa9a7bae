//! The page's icons: outlines on a 20 × 20 grid.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    Play,
    Pause,
    Step,
    Layer,
    Reset,
    Dice,
    Undo,
    Clear,
    Next,
    Back,
    Shuffle,
    Link,
    Down,
    Up,
    Moon,
    Sun,
    System,
    Help,
    Close,
    Tune,
    Plus,
    Copy,
    Above,
    Below,
    Redo,
    Mend,
    Wide,
    Wall,
    Print,
    Book,
}

impl Glyph {
    fn path(self) -> &'static str {
        match self {
            Self::Play => "M6 4.2v11.6L15.5 10z",
            Self::Pause => "M6 4.5h2.6v11H6zM11.4 4.5H14v11h-2.6z",
            Self::Step => "M5 4.5v11l7.5-5.5zM14 4.5v11",
            Self::Layer => "M10 3.5 16.5 7 10 10.5 3.5 7zM3.5 10.5 10 14l6.5-3.5M3.5 13.8 10 17.3l6.5-3.5",
            Self::Reset => "M4.5 4v4h4M4.9 8A6 6 0 1 1 4 11.5",
            Self::Dice => "M4 4h12v12H4zM7.2 7.2h.01M12.8 7.2h.01M10 10h.01M7.2 12.8h.01M12.8 12.8h.01",
            Self::Undo => "M7.5 4.5 4 8l3.5 3.5M4 8h7a4.5 4.5 0 0 1 0 9H8",
            Self::Clear => "M5 5l10 10M15 5 5 15",
            Self::Next => "M8 4.5 13.5 10 8 15.5",
            Self::Back => "M12 4.5 6.5 10 12 15.5",
            Self::Shuffle => "M3.5 6h3l7 8h3M3.5 14h3l2-2.3M11.5 8.3l2-2.3h3M14.5 4l2 2-2 2M14.5 12l2 2-2 2",
            Self::Link => {
                "M8.5 11.5a3 3 0 0 0 4.3 0l2.4-2.4a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.4 2.4a3 3 0 0 0 4.3 4.3l1-1"
            }
            Self::Down => "M10 3.5v9M6.5 9.5 10 13l3.5-3.5M4 16.5h12",
            Self::Up => "M10 13V4M6.5 7 10 3.5 13.5 7M4 16.5h12",
            Self::Wall => "M3.5 4h5.5v5H3.5zM11 4h5.5v5H11zM3.5 11h5.5v5H3.5zM11 11h5.5v5H11z",
            Self::Moon => "M16 11.6A6.5 6.5 0 1 1 8.4 4a5 5 0 0 0 7.6 7.6z",
            Self::Sun => {
                "M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7M10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.3 4.3l1.3 1.3M14.4 14.4l1.3 1.3M4.3 15.7l1.3-1.3M14.4 5.6l1.3-1.3"
            }
            Self::System => "M3 4.5h14v9H3zM7.5 16.5h5M10 13.5v3",
            Self::Help => "M7.5 7.6a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.8M10 14.5h.01",
            Self::Close => "M5.5 5.5l9 9M14.5 5.5l-9 9",
            Self::Plus => "M10 4.5v11M4.5 10h11",
            Self::Copy => "M7 7h9v9H7zM4 13V4h9",
            Self::Above => "M10 16V4.5M5.5 9 10 4.5 14.5 9",
            Self::Below => "M10 4v11.5M5.5 11l4.5 4.5 4.5-4.5",
            Self::Redo => "M12.5 4.5 16 8l-3.5 3.5M16 8H9a4.5 4.5 0 0 0 0 9h3",
            Self::Mend => "M12.8 3.6a4 4 0 0 0-4.6 5.4L3.6 13.6a2 2 0 0 0 2.8 2.8L11 11.8a4 4 0 0 0 5.4-4.6L14 9.6 11.4 8.6 10.4 6z",
            Self::Tune => "M4 6.5h7M15 6.5h1M4 13.5h1M9 13.5h7M13 4.8v3.4M7 11.8v3.4",
            Self::Print => "M6 7.5v-4h8v4M6 14.5H4v-7h12v7h-2M6 11.5h8v5H6z",
            Self::Book => "M10 5.5C8.5 4.3 6 4 3.5 4v11c2.5 0 5 .3 6.5 1.5 1.5-1.2 4-1.5 6.5-1.5V4C14 4 11.5 4.3 10 5.5zM10 5.5v11",
            Self::Wide => "M11.5 4H16v4.5M8.5 16H4v-4.5M16 4l-5 5M4 16l5-5",
        }
    }

    fn is_solid(self) -> bool {
        matches!(self, Self::Play | Self::Pause)
    }
}

/// Hidden from screen readers: the control that holds it has a name.
#[component]
pub fn Icon(#[prop(into)] glyph: Signal<Glyph>) -> impl IntoView {
    view! {
        <svg class="icon" class:solid=move || glyph.get().is_solid() viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path d=move || glyph.get().path()></path>
        </svg>
    }
}
