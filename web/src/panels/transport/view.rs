//! The bar.

use leptos::prelude::*;
use protocol::Pace;

use super::timeline::Timeline;
use crate::{
    reaction::live,
    state::{Phase, app, lab},
    widgets::{
        icon::{Glyph, Icon},
        number,
        slider::Slider,
    },
};

/// Steps per second of the slider's places; the place after the last is full speed.
const PACES: [f32; 9] = [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0];
/// The rate slider goes from 10^-5 to 10 in so many places per decade.
const PER_DECADE: f64 = 20.0;
const LEAST_DECADE: f64 = -5.0;
const DECADES: f64 = 6.0;

fn place_of_rate(rate: f32) -> u32 {
    let decades = f64::from(rate.max(1e-5)).log10() - LEAST_DECADE;
    (decades * PER_DECADE).round().clamp(0.0, DECADES * PER_DECADE) as u32
}

fn rate_of_place(place: u32) -> f32 {
    let rate = 10f64.powf(f64::from(place) / PER_DECADE + LEAST_DECADE);
    // Two digits are enough, and are what people write.
    let unit = 10f64.powf(rate.log10().floor() - 1.0);
    // By way of text, so that 0.001 is the f32 nearest to 0.001.
    format!("{:.7}", (rate / unit).round() * unit).parse().unwrap_or(rate as f32)
}

fn place_of_pace(pace: Pace) -> u32 {
    match pace {
        Pace::Full => PACES.len() as u32,
        Pace::StepsPerSecond(hz) => PACES.iter().position(|p| *p >= hz).unwrap_or(PACES.len() - 1) as u32,
    }
}

fn pace_of_place(place: u32) -> Pace {
    PACES.get(place as usize).map_or(Pace::Full, |hz| Pace::StepsPerSecond(*hz))
}

#[component]
pub fn Transport() -> impl IntoView {
    let state = app();
    let playing = Signal::derive(move || state.phase.get() == Phase::Playing);
    let glyph = Signal::derive(move || if playing.get() { Glyph::Pause } else { Glyph::Play });
    let epoch = move || {
        let progress = state.progress.get();
        format!("{:.2}", progress.epoch)
    };
    let epochs = move || state.spec.with(|s| s.train.epochs.to_string());
    let seed = move || state.spec.with(|s| s.train.seed.to_string());
    let reading = Signal::derive(move || match state.pace.get() {
        Pace::Full => "full".to_owned(),
        Pace::StepsPerSecond(hz) => format!("{}/s", number::short(f64::from(hz))),
    });
    view! {
        <div class="transport-buttons">
            <button class="transport-play" data-testid="play" aria-pressed=move || playing.get().to_string()
                aria-label=move || if playing.get() { "Pause" } else { "Play" } title="Space" on:click=move |_| lab().toggle()>
                <Icon glyph/>
            </button>
            <button class="round" data-testid="step" aria-label="One batch" title="One batch (→)" on:click=move |_| lab().step()><Icon glyph=Glyph::Step/></button>
            <button class="round" data-testid="one-layer" aria-label="One layer of a slow step" title="One layer of a slow step (L)" on:click=move |_| lab().walk_by(1)><Icon glyph=Glyph::Layer/></button>
            <button class="round" data-testid="reset" aria-label="Back to step 0" title="Back to step 0 (R)" on:click=move |_| lab().reset()><Icon glyph=Glyph::Reset/></button>
        </div>
        <div class="transport-where">
            <span class="transport-figure"><small>"epoch"</small><b class="number" data-testid="epoch">{live(epoch)}</b><i class="number">" / "{epochs}</i></span>
            <span class="transport-figure"><small>"step"</small><b class="number" data-testid="step-number">{move || number::grouped(u64::from(state.progress.get().step))}</b></span>
        </div>
        <Slider label="Speed" testid="speed" last=PACES.len() as u32 position=Signal::derive(move || place_of_pace(state.pace.get())) reading
            on_move=move |place| lab().set_pace(pace_of_place(place))/>
        <Slider label="Learning rate" testid="rate" last=(DECADES * PER_DECADE) as u32 position=Signal::derive(move || place_of_rate(state.rate.get()))
            reading=Signal::derive(move || number::rate(state.rate.get())) on_move=move |place| lab().tune(rate_of_place(place))/>
        <div class="transport-seed">
            <span class="transport-figure"><small>"seed"</small><b class="number" data-testid="seed">{live(seed)}</b></span>
            <button class="round" data-testid="reseed" aria-label="Start again from another seed" title="Start again from another seed (S)" on:click=move |_| lab().reseed()>
                <Icon glyph=Glyph::Dice/>
            </button>
        </div>
        <Timeline/>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_rates_have_a_place() {
        for rate in [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0] {
            assert_eq!(rate_of_place(place_of_rate(rate)), rate);
        }
        assert_eq!(place_of_rate(0.0), 0);
        assert_eq!(place_of_rate(f32::NAN), 0);
    }

    #[test]
    fn every_place_is_a_rate_of_its_own() {
        let rates: Vec<f32> = (0..=(DECADES * PER_DECADE) as u32).map(rate_of_place).collect();
        assert!(rates.windows(2).all(|w| w[1] > w[0]));
        assert!(rates.iter().enumerate().all(|(place, rate)| place_of_rate(*rate) == place as u32));
    }

    #[test]
    fn paces_and_places() {
        for place in 0..=PACES.len() as u32 {
            assert_eq!(place_of_pace(pace_of_place(place)), place);
        }
    }
}
