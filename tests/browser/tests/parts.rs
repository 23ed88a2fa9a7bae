//! Every layer of networks with branches is opened: its parts are there, and a cell's arithmetic, written out, is the
//! number that the engine gives.

use engine::{blocks::BLOCKS, presets::preset};
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::stage::{Browser, drive, report};

/// The open layer's name, whether its pictures and numbers have come, and how many pictures there are.
const SHOWN: &str = "const o = document.querySelector('[data-testid=opened]'); if (!o) return null;
    const papers = [...o.querySelectorAll('.stage-sheet canvas')], singles = [...o.querySelectorAll('.stage-single b')];
    const painted = papers.every((c) => c.width > 0 && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0));
    if (!painted || singles.some((b) => b.innerText === '…') || papers.length + singles.length === 0) return null;
    return [o.querySelector('[data-testid=crumb-tile]').innerText, papers.length + singles.length,
        o.querySelector('[data-testid=part-note]')?.innerText ?? '', [...o.querySelectorAll('.stage-sign')].map((s) => s.innerText).join(' ')];";

/// What was written out, and the engine's number, once both are there.
const WRITTEN: &str = "const of = (id) => document.querySelector(`[data-testid=${id}] dd`)?.innerText;
    const both = [of('arithmetic-result'), of('arithmetic-engine')]; return both.every((v) => v) ? both : null;";

fn number(text: &Value) -> f64 {
    let text = text.as_str().unwrap().replace('−', "-").replace(['\u{202f}', '\u{2009}', ' '], "");
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// Opens the first map and goes on to the last layer; what each showed.
async fn walk(page: &Browser, query: &str) -> Vec<(String, u64, String, String)> {
    page.open(&format!("{query}&play=0&focus=conv1.1")).await;
    page.until("an open tile", 30, "return !!document.querySelector('[data-testid=opened]');").await;
    let mut seen: Vec<(String, u64, String, String)> = Vec::new();
    loop {
        let shown = page.until("the parts", 20, SHOWN).await;
        let (name, count, note, signs): (String, u64, String, String) = serde_json::from_value(shown).unwrap();
        if seen.last().is_some_and(|(last, ..)| *last == name) {
            return seen;
        }
        page.find("opened").await.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
        let both = page.until(&format!("the arithmetic of {name}"), 20, WRITTEN).await;
        let (written, engine) = (number(&both[0]), number(&both[1]));
        // Both are shown with four digits.
        assert!((written - engine).abs() <= 2e-3 * engine.abs().max(1e-3), "{name}: {written} is written out, {engine} is the engine's");
        page.click("crumb-tile").await;
        page.until("the parts alone", 10, "return !document.querySelector('[data-testid=arithmetic]');").await;
        seen.push((name.clone(), count, note, signs));
        page.click("layer-after").await;
        let moved = format!(
            "return document.querySelector('[data-testid=crumb-tile]').innerText !== {} || document.querySelector('[data-testid=layer-after]').dataset.last === 'true';",
            json!(name)
        );
        page.until("the next layer", 10, &moved).await;
    }
}

fn of_kind<'a>(seen: &'a [(String, u64, String, String)], title: &str) -> &'a (String, u64, String, String) {
    seen.iter().find(|(name, ..)| name.ends_with(title)).unwrap_or_else(|| panic!("no {title} in {seen:?}"))
}

#[test]
fn joins_and_poolings_show_what_they_are_made_of() {
    drive(async |page| {
        let seen = walk(&page, "net=resnet").await;
        report(&format!("{} layers of the ResNet", seen.len()));
        let (_, count, note, signs) = of_kind(&seen, ": Add");
        assert_eq!((*count, signs.as_str()), (3, "+ ="), "two maps and their sum");
        assert!(note.contains("each branch adds"), "{note}");
        let (_, count, _, signs) = of_kind(&seen, ": Global average pooling");
        assert_eq!((*count, signs.as_str()), (3, "Σ ÷ n"), "a map, its sum, its mean");

        let seen = walk(&page, "net=densenet").await;
        report(&format!("{} layers of the DenseNet", seen.len()));
        let (_, count, note, _) = of_kind(&seen, ": Concatenate");
        assert!(*count == 2 && note.contains("which branch 1 of 2 gives"), "{note}");
        let (_, count, _, signs) = of_kind(&seen, ": Average pooling");
        assert_eq!((*count, signs.as_str()), (3, "Σ ÷ n"));
    });
}

#[test]
fn every_layer_of_inception_unet_and_mobilenet_opens() {
    drive(async |page| {
        for net in ["inception", "unet", "mobilenet"] {
            let seen = walk(&page, &format!("net={net}")).await;
            report(&format!("{} layers of {net}", seen.len()));
            assert!(seen.len() > 10, "{seen:?}");
        }
    });
}

#[test]
fn gates_are_numbers_or_maps_that_multiply() {
    drive(async |page| {
        for (slug, words) in [("attention", "one number for each place"), ("squeeze", "one number for each map")] {
            let block = BLOCKS.iter().find(|b| b.slug.contains(slug)).unwrap_or_else(|| panic!("no block {slug}"));
            let lens = preset("lens").unwrap().model();
            let model = lens.inserted(&[3], block.layers(8, 8, 1)).unwrap();
            let link = protocol::link::encode(&protocol::RunSpec { model, train: protocol::TrainSpec::default() });
            let seen = walk(&page, &link).await;
            report(&format!("{} layers with {}", seen.len(), block.title));
            let (_, count, note, signs) = of_kind(&seen, ": Scale");
            assert_eq!((*count, signs.as_str()), (3, "× ="), "map, gate and product");
            assert!(note.contains(words), "{note}");
        }
    });
}
