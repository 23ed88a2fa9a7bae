//! The graphics card that the suites run on.

use std::rc::Rc;

use engine::backend::gpu::Card;

/// The card of this machine. Without one the test is skipped, loudly; where `REQUIRE_GPU` is 1 that
/// is a failure. A software adapter will do: it is results that are looked at here.
pub async fn open() -> Option<Rc<Card>> {
    match Card::open().await {
        Ok(card) => Some(card),
        Err(error) => {
            assert!(!is_required(), "REQUIRE_GPU is set, but {error}");
            say(&format!("SKIPPED: {error}"));
            None
        }
    }
}

/// In wasm the variable counts that was set when the tests were built.
fn is_required() -> bool {
    let set = |value: &str| !value.is_empty() && value != "0";
    option_env!("REQUIRE_GPU").is_some_and(set) || std::env::var("REQUIRE_GPU").is_ok_and(|v| set(&v))
}

fn say(line: &str) {
    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test::console_log!("{line}");
    #[cfg(not(target_arch = "wasm32"))]
    println!("{line}");
}

/// A test of that name, natively and as wasm, from an async function (or a closure that gives a future) of the card.
macro_rules! on_card {
    ($($name:ident => $body:expr),+ $(,)?) => {$(
        #[cfg(not(target_arch = "wasm32"))]
        #[test]
        fn $name() {
            engine::backend::gpu::reader::block_on(async {
                if let Some(card) = crate::card::open().await {
                    let body = $body;
                    body(card).await;
                }
            });
        }

        #[cfg(target_arch = "wasm32")]
        #[wasm_bindgen_test::wasm_bindgen_test]
        async fn $name() {
            if let Some(card) = crate::card::open().await {
                let body = $body;
                body(card).await;
            }
        }
    )+};
}
pub(crate) use on_card;
