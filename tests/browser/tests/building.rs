//! Networks are built: by keyboard alone, by dragging, with what is wrong put right, there and back again.

use engine::{Graph, ModelSpec, presets::preset};
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::stage::{Browser, Setting, drive, drive_with};

const CONTROL: char = '\u{E009}';
const SHIFT: char = '\u{E008}';
const ALT: char = '\u{E00A}';

impl Browser {
    /// Sends keys to what has the focus.
    async fn keys(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    async fn key(&self, key: Key) {
        self.keys(&char::from(key).to_string()).await;
    }

    /// Goes on with the tabulator until this control has the focus.
    async fn tab_to(&self, id: &str) {
        for _ in 0..80 {
            if self.eval("return document.activeElement?.dataset?.testid ?? null;").await == json!(id) {
                return;
            }
            self.key(Key::Tab).await;
        }
        panic!("the tabulator does not lead to {id}");
    }

    async fn until_layers(&self, wanted: &[&str]) {
        let script = format!(
            "return JSON.stringify([...document.querySelectorAll('[data-testid=layers] .network-what b')].map((e) => e.innerText)) === JSON.stringify({});",
            json!(wanted)
        );
        self.until(&format!("layers {wanted:?}"), 5, &script).await;
    }

    async fn open_workbench(&self, query: &str) {
        self.open(query).await;
        self.wait_until_ready().await;
        self.client.find(fantoccini::Locator::Css("body")).await.unwrap().send_keys("b").await.unwrap();
        self.until("the workbench", 5, "return !!document.querySelector('[data-testid=layers]');").await;
    }

    /// The middle of what `css` names, as things lie now.
    async fn middle(&self, css: &str) -> (f64, f64) {
        let script =
            "const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2];";
        let at: Vec<f64> = serde_json::from_value(self.eval_with(script, vec![json!(css)]).await).unwrap();
        (at[0], at[1])
    }

    /// From the middle of `from` to `down` pixels below that of `to`, once the first is in view: what scrolls moves both.
    async fn way(&self, from: &str, to: &str, down: f64) -> [(f64, f64); 2] {
        let show = "document.querySelector(arguments[0]).scrollIntoView({ block: 'nearest', behavior: 'instant' });";
        for css in [to, from] {
            self.eval_with(show, vec![json!(css)]).await;
        }
        let (x, y) = self.middle(to).await;
        [self.middle(from).await, (x, y + down)]
    }

    /// Drags with the mouse.
    async fn drag(&self, [(x0, y0), (x, y)]: [(f64, f64); 2]) {
        let mouse = async |kind: &str, x: f64, y: f64| {
            let held = i32::from(kind != "mouseReleased");
            self.tool(
                "Input.dispatchMouseEvent",
                json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": held, "clickCount": 1 }),
            )
            .await;
        };
        mouse("mousePressed", x0, y0).await;
        for part in 1..=8 {
            let part = f64::from(part) / 8.0;
            mouse("mouseMoved", x0 + part * (x - x0), y0 + part * (y - y0)).await;
        }
        mouse("mouseReleased", x, y).await;
    }

    /// The same with a finger.
    async fn swipe(&self, [(x0, y0), (x, y)]: [(f64, f64); 2]) {
        let touch = async |kind: &str, points: Value| {
            self.tool("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await;
        };
        touch("touchStart", json!([{ "x": x0, "y": y0 }])).await;
        for part in 1..=8 {
            let part = f64::from(part) / 8.0;
            touch("touchMove", json!([{ "x": x0 + part * (x - x0), "y": y0 + part * (y - y0) }])).await;
        }
        touch("touchEnd", json!([])).await;
    }
}

#[test]
fn a_network_is_built_from_nothing_by_keyboard_and_trains() {
    drive(async |page| {
        page.open_workbench("play=0").await;
        page.tab_to("layers").await;
        page.key(Key::Home).await;
        for _ in 0..20 {
            page.key(Key::Delete).await;
        }
        page.until_layers(&[]).await;
        assert!(page.text("wrong").await.contains("no layers"));
        assert!(!page.find("setup-start").await.is_enabled().await.unwrap());
        for name in ["conv2d", "relu", "max_pool", "flatten", "dense"] {
            page.key(Key::Enter).await;
            page.keys(name).await;
            page.key(Key::Enter).await;
        }
        page.until_layers(&["Convolution", "ReLU", "Max pooling", "Flatten", "Dense"]).await;
        // A ReLU too many, moved before the pooling's place, and gone again; four kernels less.
        page.keys(&format!("{CONTROL}d")).await;
        page.until_layers(&["Convolution", "ReLU", "Max pooling", "Flatten", "Dense", "Dense"]).await;
        page.keys(&format!("{ALT}{}{}", char::from(Key::Up), char::from(Key::Up))).await;
        page.until_layers(&["Convolution", "ReLU", "Max pooling", "Dense", "Flatten", "Dense"]).await;
        assert!(page.text("wrong").await.contains("flat"), "a dense layer before flatten");
        page.key(Key::Delete).await;
        page.until_layers(&["Convolution", "ReLU", "Max pooling", "Flatten", "Dense"]).await;
        page.key(Key::Home).await;
        page.key(Key::Right).await;
        page.until("the kernels", 5, "return document.activeElement?.dataset?.testid === 'knob-out_ch';").await;
        page.key(Key::Down).await;
        page.key(Key::Down).await;
        page.until("six kernels", 5, "return document.querySelector('[data-testid=knob-out_ch]').value === '6';").await;
        // 6·9 + 6 of the convolution, 10·(6·13·13) + 10 of the dense layer.
        page.until(
            "the weights",
            5,
            "return document.querySelector('[data-testid=total-weights]').innerText.replace(/\\D/g, '').startsWith('10210');",
        )
        .await;
        page.tab_to("setup-start").await;
        page.key(Key::Enter).await;
        page.wait_for_step(30, 60).await;
        assert_eq!(page.text("open-setup").await.lines().next(), Some("Own network"));
        let link = page.eval("return decodeURIComponent(location.search);").await;
        assert!(link.as_str().unwrap().contains("out_ch:6"), "{link}");
    });
}

#[test]
fn layers_are_dragged_by_mouse_and_finger() {
    drive(async |page| {
        page.open_workbench("play=0&net=n4").await;
        page.until_layers(&["Flatten", "Dense", "ReLU", "Dense", "ReLU", "Dense"]).await;
        // The first ReLU before the first dense layer: onto the upper half of its line.
        page.drag(page.way("#layer-2 .network-grip", "#layer-1", -8.0).await).await;
        page.until_layers(&["Flatten", "ReLU", "Dense", "Dense", "ReLU", "Dense"]).await;
        // Something new between them, from the palette.
        page.click("group-activation").await;
        page.drag(page.way("[data-testid=add-tanh]", "#layer-3", -8.0).await).await;
        page.until_layers(&["Flatten", "ReLU", "Dense", "Tanh", "Dense", "ReLU", "Dense"]).await;
        // Let go beside the list, there is nothing new, and nothing is chosen or closed.
        page.drag([page.way("[data-testid=add-gelu]", "#layer-0", 0.0).await[0], (4.0, 4.0)]).await;
        // By finger, below the last line.
        page.swipe(page.way("#layer-1 .network-grip", "#layer-6", 8.0).await).await;
        page.until_layers(&["Flatten", "Dense", "Tanh", "Dense", "ReLU", "Dense", "ReLU"]).await;
        // A click adds behind what is chosen, once.
        page.click("layer-0").await;
        page.click("add-gelu").await;
        page.until_layers(&["Flatten", "GELU", "Dense", "Tanh", "Dense", "ReLU", "Dense", "ReLU"]).await;
    });
}

#[test]
fn a_row_is_moved_by_finger_on_a_small_screen_and_the_list_scrolls_along() {
    drive_with(Setting { size: (500, 740), ..Setting::default() }, async |page| {
        page.open_workbench("play=0&net=resnet").await;
        page.until("the layers", 5, "return document.querySelectorAll('[data-testid=layers] [data-row]').length > 20;").await;
        let top = "return document.querySelector('#bench-network').scrollTop;";
        let before = page.eval(top).await.as_f64().unwrap();
        let first = page.text("layer-0").await;
        // To the lower edge, where the list comes up under the finger.
        let [from, _] = page.way("#layer-0 .network-grip", "#layer-0", 0.0).await;
        let edge = page.eval("return document.querySelector('#bench-network').getBoundingClientRect().bottom;").await.as_f64().unwrap();
        page.swipe([from, (from.0, edge - 12.0)]).await;
        page.until("the list scrolled", 5, &format!("return document.querySelector('#bench-network').scrollTop > {before} + 5;")).await;
        page.until("another first layer", 5, &format!("return document.querySelector('#layer-0').innerText !== {};", json!(first))).await;
        page.click("draft-undo").await;
        page.until("as it was", 5, &format!("return document.querySelector('#layer-0').innerText === {};", json!(first))).await;
    });
}

#[test]
fn a_change_that_leaves_the_weights_alone_is_taken_up_as_the_run_goes() {
    drive(async |page| {
        page.open("backend=cpu").await;
        page.wait_for_step(20, 60).await;
        page.click("open-setup").await;
        page.until("the list", 5, "return !!document.querySelector('[data-testid=layers]');").await;
        // The last line but one is dropout.
        let place = page
            .eval("return [...document.querySelectorAll('[data-row]')].find((r) => r.innerText.includes('Dropout')).dataset.testid;")
            .await;
        page.click(place.as_str().unwrap()).await;
        assert!(!page.exists("setup-apply").await, "nothing to take up yet");
        page.eval("const i = document.querySelector('[data-testid=knob-p]'); i.value = '0.4'; i.dispatchEvent(new Event('change', { bubbles: true }));")
            .await;
        page.until("the offer", 5, "return !!document.querySelector('[data-testid=setup-apply]');").await;
        let at = page.step().await;
        page.click("setup-apply").await;
        page.until("the link", 20, "return decodeURIComponent(location.search).includes('0.4');").await;
        page.wait_for_step(at + 10, 60).await;
        assert!(!page.exists("ghost-1").await, "no run was left behind");
        // Another number of kernels is another network.
        page.click("open-setup").await;
        page.click("layer-0").await;
        page.until("the kernels", 5, "return !!document.querySelector('[data-testid=knob-out_ch]');").await;
        page.eval(
            "const i = document.querySelector('[data-testid=knob-out_ch]'); i.value = '6'; i.dispatchEvent(new Event('change', { bubbles: true }));",
        )
        .await;
        page.until("another network", 5, "return document.querySelector('[data-testid=setup-start]').innerText === 'Train this network';")
            .await;
        assert!(!page.exists("setup-apply").await);
    });
}

#[test]
fn what_is_wrong_is_explained_at_its_layer_and_mended() {
    drive(async |page| {
        page.open_workbench("play=0&net=lens").await;
        page.click("layer-3").await;
        let typed = "const i = document.querySelector('[data-testid=knob-kernel]'); i.value = '20'; i.dispatchEvent(new Event('change', { bubbles: true }));";
        page.eval(typed).await;
        page.until("an explanation", 5, "return !!document.querySelector('#layer-3 [data-testid=wrong]');").await;
        let said = page.text("wrong").await;
        assert!(said.contains("20") && said.contains("14"), "both numbers: {said}");
        assert!(!page.find("setup-start").await.is_enabled().await.unwrap());
        assert!(page.text("repair-0").await.contains("kernel size to 14"), "{}", page.text("repair-0").await);
        page.click("repair-0").await;
        page.until("nothing wrong here", 5, "return !document.querySelector('#layer-3 [data-testid=wrong]');").await;
        // The pooling behind it has a map of one pixel now: the next repair, and the network trains.
        for _ in 0..4 {
            if page.find("setup-start").await.is_enabled().await.unwrap() {
                break;
            }
            page.click("repair-0").await;
        }
        page.click("setup-start").await;
        page.wait_for_step(3, 60).await;
    });
}

#[test]
fn changes_go_back_and_forth() {
    drive(async |page| {
        let before = ["Flatten", "Dense", "ReLU", "Dense", "ReLU", "Dense"];
        let after = ["Flatten", "Dropout", "Dense", "ReLU", "Dense", "ReLU", "Dense"];
        page.open_workbench("play=0&net=n4").await;
        assert!(!page.find("draft-undo").await.is_enabled().await.unwrap(), "nothing to take back");
        page.click("layer-0").await;
        page.key(Key::Enter).await;
        page.keys("dropout").await;
        page.key(Key::Enter).await;
        page.until_layers(&after).await;
        page.keys(&format!("{CONTROL}z")).await;
        page.until_layers(&before).await;
        page.keys(&format!("{CONTROL}y")).await;
        page.until_layers(&after).await;
        page.click("draft-undo").await;
        page.until_layers(&before).await;
        page.tab_to("layers").await;
        page.keys(&format!("{CONTROL}{SHIFT}z")).await;
        page.until_layers(&after).await;
        // Settings too, and over the end of a run: the draft survives closing, and the way back survives training.
        page.click("setup-start").await;
        page.wait_for_step(2, 60).await;
        page.client.find(fantoccini::Locator::Css("body")).await.unwrap().send_keys("b").await.unwrap();
        page.until_layers(&after).await;
        page.click("draft-undo").await;
        page.until_layers(&before).await;
        let marks = page.eval("return document.querySelectorAll('.network-mark').length;").await;
        assert_eq!(marks, json!(0), "all layers run; one that runs is gone");
        assert_eq!(page.text("layers-gone").await, "1");
        page.click("draft-redo").await;
        page.until_layers(&after).await;
    });
}

#[test]
fn the_code_is_that_of_the_command_line() {
    drive(async |page| {
        let text = async |page: &Browser| {
            page.eval("return document.querySelector('[data-testid=code-text]').textContent;").await.as_str().unwrap().to_owned()
        };
        for slug in ["lens", "resnet"] {
            page.open_workbench(&format!("play=0&net={slug}")).await;
            page.click("side-code").await;
            let graph = Graph::check(&preset(slug).unwrap().model()).unwrap();
            page.until("code", 5, "return !!document.querySelector('[data-testid=code-text]');").await;
            assert_eq!(text(&page).await, exchange::pytorch(&graph).unwrap(), "{slug}");
            page.click("code-keras").await;
            page.until("Keras", 5, "return document.querySelector('[data-testid=code-text]').textContent.includes('keras');").await;
            assert_eq!(text(&page).await, exchange::keras(&graph).unwrap(), "{slug}");
            page.click("code-json").await;
            page.until("JSON", 5, "return document.querySelector('[data-testid=code-text]').textContent.startsWith('{');").await;
            assert_eq!(text(&page).await, exchange::json(&graph.spec).unwrap(), "{slug}");
        }
        // And in again; what is none is told.
        let model: ModelSpec = preset("n4").unwrap().model();
        let paste =
            "const t = document.querySelector('[data-testid=import-text]'); t.closest('details').open = true; t.value = arguments[0];
            t.dispatchEvent(new Event('input', { bubbles: true })); document.querySelector('[data-testid=import]').disabled = false;";
        page.eval_with(paste, vec![json!("{\"input\": [1, 28, 28], \"layers\": [{\"op\": \"convolve\"}]}")]).await;
        page.click("import").await;
        page.until("what is wrong", 5, "return document.querySelector('[data-testid=network-told]')?.innerText.includes('convolve');")
            .await;
        page.eval_with(paste, vec![json!(serde_json::to_string(&model).unwrap())]).await;
        page.click("import").await;
        page.until_layers(&["Flatten", "Dense", "ReLU", "Dense", "ReLU", "Dense"]).await;
    });
}

#[test]
fn weights_that_fit_stay_and_files_that_do_not_are_named() {
    drive(async |page| {
        page.open("net=n4").await;
        page.wait_for_step(150, 120).await;
        page.click("play").await;
        page.until("paused", 20, "return !window.__kernelscope.running;").await;
        let learnt = page.hook("loss").await.as_f64().unwrap();
        page.click("open-setup").await;
        page.until_layers(&["Flatten", "Dense", "ReLU", "Dense", "ReLU", "Dense"]).await;
        page.click("layer-5").await;
        page.key(Key::Home).await;
        page.key(Key::Enter).await;
        page.keys("layer norm").await;
        page.key(Key::Enter).await;
        page.until("what fits", 5, "return document.querySelector('.workbench-keep')?.innerText.includes('6 of 8');").await;
        page.eval("document.querySelector('[data-testid=keep-weights]').click();").await;
        // Not after `flatten`, where it would change what the first layer sees: at the end, as another dropout.
        page.click("draft-undo").await;
        page.click("layer-4").await;
        page.key(Key::Enter).await;
        page.keys("dropout").await;
        page.key(Key::Enter).await;
        page.until("all fits", 5, "return document.querySelector('.workbench-keep')?.innerText.includes('6 of 6');").await;
        page.click("setup-start").await;
        page.wait_for_step(3, 60).await;
        let loss = page.hook("loss").await.as_f64().unwrap();
        // A network that has learnt nothing begins near ln 10.
        assert!(loss < 1.5, "from {learnt} to {loss}: the weights were not kept");
        // Weights of another network do not fit.
        page.click("open-setup").await;
        page.until("the list", 5, "return !!document.querySelector('[data-testid=side-code]');").await;
        page.click("side-code").await;
        let drop = "const input = document.querySelector('[data-testid=weights-load]'), data = new DataTransfer();
            const head = new TextEncoder().encode(JSON.stringify({ '0.weight': { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }));
            const file = new Uint8Array(8 + head.length + 4); new DataView(file.buffer).setBigUint64(0, BigInt(head.length), true); file.set(head, 8);
            data.items.add(new File([file], 'other.safetensors')); input.files = data.files; input.dispatchEvent(new Event('change', { bubbles: true }));";
        page.eval(drop).await;
        let told =
            page.until("what does not fit", 10, "return document.querySelector('[data-testid=network-told]')?.innerText ?? null;").await;
        assert!(told.as_str().unwrap().contains("1.weight"), "the tensor is named: {told}");
    });
}
