//! The lessons: walked by keyboard alone, answered wrongly and rightly, and their numbers compared with the engine's.

mod convolution;
mod eye;
mod fields;
mod kinds;
mod learning;
mod mlp;
mod nonlinearity;
mod padding;
mod pooling;
mod sharing;

use std::{sync::Arc, time::Duration};

use engine::{
    Cpu, Graph, Init, LayerSpec, Mode, ModelSpec, OptimizerSpec, Plan, PlanOptions, Run, Shape, StepInputs, ops::Conv2d, plan::Watch,
};
use fantoccini::{Locator, key::Key};
use serde_json::{Value, json};

use crate::stage::{Browser, drive};

async fn press(page: &Browser, keys: &str) {
    page.client.find(Locator::Css("body")).await.unwrap().send_keys(keys).await.unwrap();
}

fn key(key: Key) -> String {
    key.to_string()
}

/// Waits until `window.__kernelscope.facts()[name]` is a number, and gives it.
async fn fact(page: &Browser, name: &str) -> f64 {
    let script = format!("const v = window.__kernelscope?.facts()['{name}']; return Number.isFinite(v) ? [v] : null;");
    page.until(name, 15, &script).await[0].as_f64().unwrap()
}

async fn until_text(page: &Browser, id: &str, wanted: &str) {
    let script = format!("return document.querySelector(\"[data-testid='{id}']\")?.textContent.includes({});", json!(wanted));
    page.until(&format!("{id} says {wanted}"), 15, &script).await;
}

/// What the engine gives natively for one convolution on one plane.
fn convolved(conv: Conv2d, shape: Shape, image: &[f32], weights: &[f32]) -> (Shape, Vec<f32>) {
    through(vec![LayerSpec::from(conv)], shape, image, weights)
}

fn through(layers: Vec<LayerSpec>, shape: Shape, image: &[f32], weights: &[f32]) -> (Shape, Vec<f32>) {
    let spec = ModelSpec { input: shape, layers, init: Init::default() };
    let graph = Arc::new(Graph::check(&spec).unwrap());
    let options = PlanOptions { batch: 1, mode: Mode::Eval, watch: Watch::Everything };
    let mut run = Run::new(Plan::compile(&graph, &options).unwrap());
    let mut cpu = Cpu::with_numbers(&graph, OptimizerSpec::default(), weights.to_vec(), Vec::new(), Vec::new());
    run.images.copy_from_slice(image);
    cpu.forward(&mut run, &StepInputs::default());
    (graph.output(), run.logits().to_vec())
}

async fn sample(page: &Browser) -> Vec<f32> {
    let numbers = page.eval("return Array.from(window.__kernelscope.sample());").await;
    numbers.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

/// The number in a cell of a grid's table for screen readers.
async fn cell(page: &Browser, grid: &str, row: usize, col: usize) -> String {
    let script = format!(
        "const r = document.querySelector(\"[data-testid='{grid}'] table\")?.rows[{row}]?.cells[{col}]?.textContent; return r && r !== '–' ? r : null;"
    );
    page.until(&format!("{grid} {row} {col}"), 15, &script).await.as_str().unwrap().to_owned()
}

/// Scrolls until the bar at the foot of the page does not lie over it.
async fn uncover(page: &Browser, id: &str) {
    page.eval(&format!("document.querySelector(\"[data-testid='{id}']\").scrollIntoView({{ block: 'center' }});")).await;
}

/// Waits so many seconds at most until the page has noticed that the step's task is done.
async fn done(page: &Browser, seconds: u64) {
    page.until("the task is done", seconds, "return document.querySelector(\"[data-testid='task']\").classList.contains('done');").await;
}

/// Presses the button that trains, and waits for its 150 updates and for the task.
async fn train(page: &Browser) {
    uncover(page, "train").await;
    page.click("train").await;
    let ready = "window.__kernelscope.facts().trained === 150 && !document.querySelector(\"[data-testid='train']\").disabled";
    page.until("150 updates", 120, &format!("return {ready};")).await;
    until_text(page, "trained", "step 150").await;
    done(page, 5).await;
}

/// Moves the slider with this `data-testid`.
async fn slide(page: &Browser, id: &str, to: impl std::fmt::Display) {
    page.eval(&format!(
        "const e = document.querySelector(\"[data-testid='{id}']\"); e.value = {to}; e.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    ))
    .await;
}

/// Goes through a lesson with the arrow key, as its number of dots says, and answers what it asks: first wrongly, then rightly.
async fn walk(page: &Browser, slug: &str, right: &[usize]) {
    page.open(&format!("learn={slug}")).await;
    let steps = page.until("the steps", 10, "return document.querySelectorAll('.lesson-dot').length;").await.as_u64().unwrap() as usize;
    let mut right = right.iter();
    for step in 1..=steps {
        let current = format!("return document.querySelector(\"[data-testid='dot-{step}']\")?.getAttribute('aria-current') === 'step';");
        page.until(&format!("step {step}"), 10, &current).await;
        // No step is only text: there is a picture in the figure, and it has been painted.
        let painted = "return [...document.querySelectorAll(\"[data-testid='figure'] .grid-base\")].some((c) => c.width > 1)
            || !!document.querySelector(\"[data-testid='figure'] svg polyline\");";
        page.until("a picture", 15, painted).await;
        assert!(page.text("step-title").await.len() > 3 && page.text("caption").await.len() > 20);
        if page.eval("return !!document.querySelector(\"[data-testid='question']\");").await == json!(true) {
            let right = right.next().expect("a question more than expected");
            let wrong = if *right == 1 { 2 } else { 1 };
            press(page, &wrong.to_string()).await;
            until_text(page, "feedback", "No.").await;
            assert!(page.text("feedback").await.len() > 30, "a wrong answer is not answered");
            uncover(page, "ask-again").await;
            page.click("ask-again").await;
            page.until("asked again", 5, "return document.querySelector(\"[data-testid='feedback']\").textContent === '';").await;
            press(page, &right.to_string()).await;
            until_text(page, "feedback", "Yes.").await;
        }
        if step < steps {
            press(page, &key(if step % 2 == 1 { Key::Right } else { Key::PageDown })).await;
        }
    }
    assert!(right.next().is_none(), "a question less than expected");
    let lab = page.find("open-lab").await.attr("href").await.unwrap().unwrap();
    assert!(lab.contains("net="), "{lab}");
    press(page, &key(Key::PageUp)).await;
    page.until("a step back", 5, &format!("return location.search.includes('step={}');", steps - 1)).await;
}

#[test]
fn contents_are_searched_and_remember() {
    drive(async |page| {
        page.open("learn").await;
        assert!(page.client.find_all(Locator::Css(".contents-line")).await.unwrap().len() >= 2);
        page.find("search").await.send_keys("gridding").await.unwrap();
        page.until("one is left", 5, "return document.querySelectorAll('.contents-line').length === 1;").await;
        page.client.find(Locator::Css(".contents-hits a")).await.unwrap().click().await.unwrap();
        until_text(&page, "step-title", "gridding").await;
        // The browser's own way back.
        page.client.back().await.unwrap();
        page.until("the contents", 5, "return document.querySelector(\"[data-testid='contents']\");").await;
        page.client.refresh().await.unwrap();
        let seen = "return document.querySelectorAll(\"[data-testid='lesson-padding'] i.seen\").length === 1;";
        page.until("what has been seen", 15, seen).await;
        page.eval("const e = document.querySelector(\"[data-testid='language']\"); e.value = 'de'; e.dispatchEvent(new Event('change', { bubbles: true }));").await;
        page.until("German", 5, "return document.querySelector('h1').textContent === 'Lektionen';").await;
    });
}

#[test]
fn presenting_printing_and_hiding() {
    drive(async |page| {
        page.before_load("window.print = () => { window.__printed = true; };").await;
        page.open("learn=convolution&hide=pad,kernel").await;
        page.until("the figure", 10, "return document.querySelector(\"[data-testid='input']\");").await;
        assert_eq!(
            page.eval("return !!document.querySelector(\"[data-testid='pad'], select[data-testid='kernel']\");").await,
            Value::Bool(false)
        );
        press(&page, "p").await;
        let size = "return document.querySelector('.presenting.lesson') && parseFloat(getComputedStyle(document.querySelector('.lesson-caption')).fontSize) >= 20;";
        page.until("large type", 5, size).await;
        press(&page, "n").await;
        page.until("notes", 5, "return document.querySelector(\"[data-testid='notes']\");").await;
        press(&page, "p").await;
        page.until("small again", 5, "return !document.querySelector('.presenting.lesson');").await;
        page.click("print").await;
        page.until("sheets", 5, "return document.querySelectorAll('.sheet').length === 9;").await;
        page.until("the printer", 10, "return window.__printed === true;").await;
        let blank = "return [...document.querySelectorAll('.sheets .grid-base')].filter((c) => c.width <= 1).length;";
        assert_eq!(page.eval(blank).await, json!(0));
    });
}

#[test]
fn the_drawing_goes_along_to_the_lab_and_back() {
    drive(async |page| {
        page.open("learn=convolution&step=4").await;
        page.until("the pad", 10, "return document.querySelector(\"[data-testid='pad']\");").await;
        let stroke = "
            const pad = document.querySelector(\"[data-testid='pad']\"), box = pad.getBoundingClientRect();
            const at = (kind, x, y) => pad.dispatchEvent(new PointerEvent(kind, { bubbles: true, button: 0, buttons: 1, pointerId: 1, pointerType: 'mouse',
                clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
            pad.setPointerCapture = () => {};
            at('pointerdown', 0.3, 0.2); for (let i = 0; i <= 10; i++) at('pointermove', 0.3 + 0.04 * i, 0.2 + 0.06 * i); at('pointerup', 0.7, 0.8);";
        page.eval(stroke).await;
        until_text(&page, "sample-caption", "Your drawing").await;
        let drawn = sample(&page).await;
        page.click("lab-link").await;
        page.until("the Lab", 30, "return window.__kernelscope?.ready;").await;
        until_text(&page, "sample-caption", "Your drawing").await;
        page.click("learn-link").await;
        page.until("the lessons", 20, "return document.querySelector(\"[data-testid='contents']\") && window.__kernelscope?.sample;").await;
        assert_eq!(sample(&page).await, drawn);
    });
}

/// Every lesson of the table of contents with its number of steps.
pub async fn lessons(page: &Browser) -> Vec<(String, usize)> {
    page.open("learn").await;
    let script = "const lines = [...document.querySelectorAll('.contents-line')];
        return lines.length ? lines.map((l) => [l.dataset.testid.replace('lesson-', ''), l.querySelectorAll('i').length]) : null;";
    let found = page.until("the contents", 10, script).await;
    let pair = |line: &Value| (line[0].as_str().unwrap().to_owned(), usize::try_from(line[1].as_u64().unwrap()).unwrap());
    found.as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn lessons_at_every_size_in_both_looks() {
    drive(async |page| {
        let mut wide = Vec::new();
        for (slug, steps) in lessons(&page).await {
            for step in 1..=steps {
                page.open(&format!("learn={slug}&step={step}")).await;
                for (width, height, theme) in [(360, 800, "light"), (1280, 900, "dark"), (1920, 1080, "light")] {
                    let over = page.resize((width, height), theme, Duration::from_millis(350)).await;
                    page.screenshot(&format!("learn-{slug}-{step}-{width}-{theme}")).await;
                    if over > 0.0 {
                        wide.push(format!("{slug} {step} at {width}: {over} px too wide"));
                    }
                }
            }
        }
        assert!(wide.is_empty(), "{wide:#?}");
    });
}
