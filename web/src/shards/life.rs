//! The shard's end: a worker that does tasks for another.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use data::CLASSES;
use engine::{
    Graph,
    shards::{Board, Hand, Job, Task},
};
use js_sys::{Array, ArrayBuffer};
use protocol::RunSpec;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::{board::SharedBoard, wire};
use crate::dom::listen::Listener;

/// Hears jobs (text, with a board or none), tasks (buffers) and a request to panic, until the worker is ended.
pub fn serve(scope: &DedicatedWorkerGlobalScope) {
    let dying = scope.clone();
    std::panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        let _ = dying.post_message(&JsValue::from_str(info.payload_as_str().unwrap_or("a panic without words")));
    }));
    let outlet = scope.clone();
    let work: Rc<RefCell<Option<(Hand, Task)>>> = Rc::default();
    Listener::new(scope, "message", move |event| {
        let Ok(data) = event.dyn_into::<MessageEvent>().map(|e| e.data()) else { return };
        if let Some(job) = data.dyn_ref::<Array>() {
            let answer = match made(job) {
                Ok(hand) => {
                    *work.borrow_mut() = Some((hand, Task::with_room()));
                    JsValue::TRUE
                }
                Err(why) => JsValue::from_str(&why),
            };
            let _ = outlet.post_message(&answer);
            return;
        }
        let Ok(buffer) = data.dyn_into::<ArrayBuffer>() else { panic!("asked to crash") };
        if let Some((hand, task)) = &mut *work.borrow_mut() {
            wire::read_task(&buffer, task);
            hand.work(task);
            let answer = wire::write_answer(buffer, task);
            let _ = outlet.post_message_with_transfer(&answer, &Array::of1(&answer));
        }
    })
    .keep();
}

/// # Errors
/// In words; the leader has opened the same run, so that there is none but for want of memory.
fn made(job: &Array) -> Result<Hand, String> {
    let board = SharedBoard::received(job.get(1)).map(|board| Rc::new(board) as Rc<dyn Board>);
    let spec: RunSpec = engine::json::read(&job.get(0).as_string().unwrap_or_default()).map_err(|e| e.to_string())?;
    let graph = Arc::new(Graph::check_classifier(&spec.model, CLASSES).map_err(|e| e.to_string())?);
    let job = Job::new(&graph, spec.train.batch, spec.train.loss, spec.train.augment).map_err(|e| e.to_string())?;
    Ok(Hand::new(&job, board))
}
