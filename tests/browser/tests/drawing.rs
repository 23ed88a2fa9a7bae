//! The pad: what is drawn is read.

use std::time::Duration;

use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction, TouchActions};

use crate::stage::{Browser, drive, report};

/// Corners of a stroke, as parts of the pad's width and height.
pub type Stroke = [(f64, f64)];

/// Draws with the mouse, or with a finger.
pub async fn draw(page: &Browser, stroke: &Stroke, touch: bool) {
    let pad = page.find("pad").await;
    page.eval("document.querySelector(\"[data-testid='pad']\").scrollIntoView({ block: 'center' });").await;
    let (left, top, width, height) = pad.rectangle().await.unwrap();
    let scroll = page.eval("return [scrollX, scrollY];").await;
    let (left, top) = (left - scroll[0].as_f64().unwrap(), top - scroll[1].as_f64().unwrap());
    let place = |(x, y): (f64, f64), ms: u64| PointerAction::MoveTo {
        duration: Some(Duration::from_millis(ms)),
        x: (left + x * width).round(),
        y: (top + y * height).round(),
    };
    let mut actions = vec![place(stroke[0], 0), PointerAction::Down { button: MOUSE_BUTTON_LEFT }];
    for pair in stroke.windows(2) {
        for part in 1..=8 {
            let part = f64::from(part) / 8.0;
            actions.push(place((pair[0].0 + part * (pair[1].0 - pair[0].0), pair[0].1 + part * (pair[1].1 - pair[0].1)), 15));
        }
    }
    actions.push(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
    if touch {
        let finger = actions.into_iter().fold(TouchActions::new("finger".to_owned()), |all, action| all.then(action));
        page.client.perform_actions(finger).await.unwrap();
    } else {
        let mouse = actions.into_iter().fold(MouseActions::new("mouse".to_owned()), |all, action| all.then(action));
        page.client.perform_actions(mouse).await.unwrap();
    }
}

pub const SEVEN: &Stroke = &[(0.24, 0.22), (0.76, 0.22), (0.62, 0.5), (0.46, 0.82)];
pub const ONE: &Stroke = &[(0.52, 0.15), (0.48, 0.85)];

async fn answer(page: &Browser) -> String {
    page.text("answer").await
}

#[test]
fn a_seven_is_read_while_training_goes_on() {
    drive(async |page| {
        page.open("").await;
        page.wait_for_step(400, 120).await;
        draw(&page, SEVEN, false).await;
        page.until("a 7", 15, "return document.querySelector(\"[data-testid='answer']\").innerText.trim() === '7';").await;
        assert_eq!(page.text("state").await, "training", "drawing does not stop training");
        let share: f64 = page.text("class-7").await.lines().last().unwrap().trim().parse().unwrap();
        report(&format!("a drawn 7 is read as 7 with {share} %"));
        page.screenshot("drawn-seven").await;

        // Cleared and drawn again, with a finger, while paused: the answer is that of the new drawing.
        page.click("play").await;
        page.until("paused", 10, "return !window.__kernelscope.running;").await;
        page.click("clear").await;
        draw(&page, ONE, true).await;
        page.until("a 1", 15, "return document.querySelector(\"[data-testid='answer']\").innerText.trim() === '1';").await;
        assert_eq!(answer(&page).await, "1");
    });
}

#[test]
fn drawing_changes_what_every_layer_shows() {
    drive(async |page| {
        page.open("play=0").await;
        page.wait_until_ready().await;
        page.click("pick-3").await;
        page.until("a frame", 10, "return window.__kernelscope.frame != null;").await;
        let canvases = ["image", "maps-conv1", "maps-conv2"].map(|id| format!("canvas[data-testid='{id}']"));
        let mut before = Vec::new();
        for css in &canvases {
            before.push(page.picture(css).await);
        }
        let frame = page.hook("frame").await.as_f64().unwrap();
        draw(&page, SEVEN, false).await;
        page.until("another frame", 10, &format!("return window.__kernelscope.frame > {frame};")).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        for (css, before) in canvases.iter().zip(before) {
            assert_ne!(page.picture(css).await, before, "{css} does not show the drawing");
        }
        assert_eq!(page.step().await, 0, "looking is not learning");
    });
}
