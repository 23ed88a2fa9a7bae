//! The worker's program: which it is, where it is, and what starts it.

use js_sys::{Array, Object, Reflect, Uint8Array, WebAssembly};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{Blob, BlobPropertyBag, Url, Worker, WorkerOptions, WorkerType};

use crate::dom;

#[wasm_bindgen]
#[allow(unsafe_code, reason = "wasm-bindgen declares imports in an unsafe block; this one reads a string")]
unsafe extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = ["import", "meta"], js_name = url)]
    static SELF_URL: String;
}

/// The key of the global object under which a program that was started finds what it was told first.
pub const FIRST: &str = "kernelscope";

/// A module of one function: `(param v128 v128 v128) (result v128)`, the first times the second plus the third, relaxed.
const RELAXED: [u8; 37] = [
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // A module, version 1.
    1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b, // Types: that of the function.
    3, 2, 1, 0, // Functions: one, of that type.
    10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 0x02, 0x0b, // Code: the three, `f32x4.relaxed_madd`, end.
];

/// A program: its script, and its module, as an address or already compiled.
#[derive(Debug)]
pub struct Program {
    glue: String,
    module: JsValue,
}

impl Program {
    /// The worker's, from the page: of the two that which the browser knows all instructions of.
    pub fn of_worker() -> Self {
        let relaxed = WebAssembly::validate(&Uint8Array::from(&RELAXED[..])).unwrap_or(false);
        let name = if relaxed { "worker-relaxed" } else { "worker" };
        // Its files have plain names; what tells one build from the next is the sum in the name of the page's own, with which
        // the program of the lessons is asked for, too.
        let own = SELF_URL.with(Clone::clone);
        let stem = own.rsplit('/').next().and_then(|file| file.strip_suffix(".js")).unwrap_or_default();
        let version = stem.split_once('-').map_or_else(String::new, |(_, sum)| format!("?v={sum}"));
        let base = base_url();
        Self { glue: format!("{base}{name}.js{version}"), module: format!("{base}{name}_bg.wasm{version}").into() }
    }

    /// The one that runs.
    pub fn own() -> Self {
        Self { glue: SELF_URL.with(Clone::clone), module: wasm_bindgen::module() }
    }

    /// Starts a worker, which begins by reading `first`. Workers can start further ones.
    ///
    /// # Errors
    /// What the browser says where it makes no worker.
    pub fn start(&self, name: &str, first: &Object) -> Result<Worker, JsValue> {
        // What fails after the import is thrown once more outside of the promise, so that it becomes an error event.
        let script = format!(
            "import init from {:?};\n\
             self.onmessage = (e) => {{\n\
               self.onmessage = null;\n\
               self.{FIRST} = e.data;\n\
               init({{ module_or_path: e.data.module }}).catch((why) => setTimeout(() => {{ throw why; }}));\n\
             }};",
            self.glue
        );
        let options = BlobPropertyBag::new();
        options.set_type("text/javascript");
        let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&JsValue::from_str(&script)), &options)?;
        let url = Url::create_object_url_with_blob(&blob)?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(name);
        let worker = Worker::new_with_options(&url, &options)?;
        Reflect::set(first, &"module".into(), &self.module)?;
        worker.post_message(first)?;
        Ok(worker)
    }

    /// Starts it on the page's own thread, where it begins by reading `first`.
    ///
    /// # Errors
    /// What the browser says.
    pub fn start_here(&self, first: &Object) -> Result<(), JsValue> {
        Reflect::set(first, &"module".into(), &self.module)?;
        Reflect::set(&js_sys::global(), &FIRST.into(), first)?;
        let document = dom::document().ok_or("there is no page")?;
        let script = document.create_element("script")?;
        script.set_attribute("type", "module")?;
        let text = format!("import init from {:?}; init({{ module_or_path: window.{FIRST}.module }});", self.glue);
        script.set_text_content(Some(&text));
        document.document_element().ok_or("the page is empty")?.append_child(script.unchecked_ref())?;
        Ok(())
    }
}

/// The folder of the page, with which relative addresses begin; ends with a slash.
pub fn base_url() -> String {
    dom::document().and_then(|d| d.base_uri().ok().flatten()).map_or_else(String::new, |uri| {
        let path = uri.split(['?', '#']).next().unwrap_or_default();
        path.rfind('/').map_or(path, |end| &path[..=end]).to_owned()
    })
}
