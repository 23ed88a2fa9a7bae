//! The lessons: walked by keyboard alone, answered wrongly and rightly, and their numbers compared with the engine's.

use std::sync::Arc;

use engine::{
    Cpu, Graph, Init, LayerSpec, Mode, ModelSpec, OptimizerSpec, Plan, PlanOptions, Run, Shape, StepInputs,
    ops::{AdaptiveAvgPool2d, Conv2d, conv2d::PadMode},
    plan::Watch,
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
fn convolution_by_keyboard() {
    drive(async |page| walk(&page, "convolution", &[2, 3]).await);
}

#[test]
fn padding_by_keyboard() {
    drive(async |page| walk(&page, "padding", &[1, 3]).await);
}

#[test]
fn sharing_by_keyboard() {
    drive(async |page| walk(&page, "sharing", &[1, 2]).await);
}

#[test]
fn shared_weights_are_the_engines() {
    drive(async |page| {
        page.open("learn=sharing&step=4&at=7").await;
        let value = fact(&page, "value").await;
        // The matrix and the convolution, both by the worker; the convolution once more, natively.
        assert!(fact(&page, "difference").await < 1e-5);
        let weights = [0.25, 0.0, -0.25, 0.5, 0.0, -0.5, 0.25, 0.0, -0.25];
        let small = AdaptiveAvgPool2d { output: engine::Pair::square(8) }.into();
        let layers = vec![small, Conv2d { out_ch: 1, bias: false, ..Conv2d::default() }.into()];
        let (shape, want) = through(layers, Shape::new(1, 28, 28), &sample(&page).await, &weights);
        assert_eq!((shape.h, shape.w), (6, 6));
        assert!((value - f64::from(want[7])).abs() < 1e-5, "{value}, {}", want[7]);
        page.open("learn=sharing&step=5").await;
        assert_eq!([fact(&page, "dense").await, fact(&page, "conv").await], [78_400.0, 640.0]);
        // Equivariant, and not.
        page.open("learn=sharing&step=7&dx=2&dy=1").await;
        page.until("moved along", 15, "return window.__kernelscope.facts().difference === 0;").await;
        until_text(&page, "verdict", "equivariant").await;
        uncover(&page, "kind-dense").await;
        page.click("kind-dense").await;
        page.until("another map", 15, "return window.__kernelscope.facts().difference > 0.01;").await;
        page.until("the task is done", 5, "return document.querySelector(\"[data-testid='task']\").classList.contains('done');").await;
    });
}

#[test]
fn the_worked_example_and_the_maps_are_the_engines() {
    drive(async |page| {
        page.open("learn=convolution").await;
        until_text(&page, "sum", "152").await;
        assert_eq!(cell(&page, "output", 0, 0).await, "152");
        assert_eq!(cell(&page, "products", 0, 0).await, "60");
        // Play by the space bar: the output grows to its last number.
        press(&page, " ").await;
        let last = cell(&page, "output", 2, 2).await;
        assert_eq!(last, "−3");
        page.open("learn=convolution&step=4&at=333").await;
        let value = fact(&page, "value").await;
        let image = sample(&page).await;
        let sobel = [-1.0, -2.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.0];
        let (shape, want) = convolved(Conv2d { out_ch: 1, bias: false, ..Conv2d::default() }, Shape::new(1, 28, 28), &image, &sobel);
        assert_eq!((shape.h, shape.w), (26, 26));
        assert!((value - f64::from(want[333])).abs() < 1e-5, "{value} is shown, the engine gives {}", want[333]);
        let strongest = want.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
        assert!((fact(&page, "strongest").await - f64::from(strongest)).abs() < 1e-5);
        // The place of the strongest answer is what the task asks for.
        let place = want.iter().position(|v| v.abs() == strongest).unwrap();
        page.eval(&format!(
            "const e = document.querySelector(\"[data-testid='scrub']\"); e.value = {place}; e.dispatchEvent(new Event('input', {{ bubbles: true }}));"
        ))
        .await;
        page.until("the task is done", 5, "return document.querySelector(\"[data-testid='task']\").classList.contains('done');").await;
        page.until("the link has it", 5, &format!("return location.search.includes('at={place}');")).await;
    });
}

#[test]
fn turned_kernels_give_the_engines_other_map() {
    drive(async |page| {
        page.open("learn=convolution&step=4&at=333&flipped=1&kernel=emboss").await;
        let value = fact(&page, "value").await;
        let emboss = [-2.0, -1.0, 0.0, -1.0, 1.0, 1.0, 0.0, 1.0, 2.0];
        let conv = Conv2d { out_ch: 1, bias: false, flipped: true, ..Conv2d::default() };
        let (_, want) = convolved(conv, Shape::new(1, 28, 28), &sample(&page).await, &emboss);
        assert!((value - f64::from(want[333])).abs() < 1e-5, "{value}, {}", want[333]);
    });
}

#[test]
fn rims_are_the_engines() {
    drive(async |page| {
        for mode in PadMode::ALL {
            page.open(&format!("learn=padding&step=4&mode={}&at=21", mode.name())).await;
            let value = fact(&page, "value").await;
            let ramp: Vec<f32> = (0..49).map(|i| 0.1 + 0.13 * (i % 7) as f32).collect();
            let weights: Vec<f32> = (0..25).map(|i| (2.0 - (i % 5) as f32) / 25.0).collect();
            let conv = Conv2d {
                out_ch: 1,
                kernel: engine::Pair::square(5),
                pad: engine::Padding::all(2),
                pad_mode: mode,
                bias: false,
                ..Conv2d::default()
            };
            let (_, want) = convolved(conv, Shape::new(1, 7, 7), &ramp, &weights);
            assert!((value - f64::from(want[21])).abs() < 1e-5, "{}: {value}, {}", mode.name(), want[21]);
        }
        page.open("learn=padding&step=8").await;
        until_text(&page, "trouble", "layer 1").await;
        page.open("learn=padding&step=7").await;
        assert_eq!((fact(&page, "field").await, fact(&page, "holes").await), (13.0, 120.0));
        page.open("learn=padding&step=7&stack=1,2,3").await;
        page.until("no holes", 10, "return window.__kernelscope.facts().holes === 0;").await;
    });
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

#[test]
fn lessons_at_every_size_in_both_looks() {
    drive(async |page| {
        let mut wide = Vec::new();
        for (slug, steps) in [("convolution", 8), ("padding", 8), ("sharing", 7)] {
            for step in 1..=steps {
                page.open(&format!("learn={slug}&step={step}")).await;
                for (width, height, theme) in [(360, 800, "light"), (1280, 900, "dark"), (1920, 1080, "light")] {
                    let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
                    page.tool("Emulation.setDeviceMetricsOverride", metrics).await;
                    let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
                    page.tool("Emulation.setEmulatedMedia", scheme).await;
                    tokio::time::sleep(std::time::Duration::from_millis(350)).await;
                    let over = page.eval("return document.documentElement.scrollWidth - innerWidth;").await.as_f64().unwrap();
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
