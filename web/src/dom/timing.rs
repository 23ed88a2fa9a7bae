//! How smoothly the page runs: time between animation frames, and tasks that took too long.

use std::{cell::RefCell, rc::Rc};

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{PerformanceEntry, PerformanceObserver, PerformanceObserverEntryList, PerformanceObserverInit};

use super::frame;

/// Frames looked back on: about four seconds.
const WINDOW: usize = 240;

/// What was measured lately.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Smoothness {
    /// 95 of 100 frames came within this many milliseconds of the one before.
    pub frame_p95_ms: f64,
    /// Tasks over 50 ms on the page's thread since it began.
    pub long_tasks: u32,
    pub longest_task_ms: f64,
}

#[derive(Debug, Default)]
struct Record {
    gaps: Vec<f64>,
    next: usize,
    last: Option<f64>,
    long_tasks: u32,
    longest_task_ms: f64,
}

/// Measures for as long as the page lives.
#[derive(Clone, Debug, Default)]
pub struct Meter(Rc<RefCell<Record>>);

impl Meter {
    pub fn start() -> Self {
        let meter = Self::default();
        meter.clone().observe_tasks();
        meter.clone().tick();
        meter
    }

    pub fn read(&self) -> Smoothness {
        let record = self.0.borrow();
        let mut gaps = record.gaps.clone();
        engine::order::sort_by(&mut gaps, f64::total_cmp);
        let frame_p95_ms = gaps.get((gaps.len() * 95 / 100).min(gaps.len().saturating_sub(1))).copied().unwrap_or(0.0);
        Smoothness { frame_p95_ms, long_tasks: record.long_tasks, longest_task_ms: record.longest_task_ms }
    }

    fn tick(self) {
        frame::next(move |time| {
            {
                let mut record = self.0.borrow_mut();
                // A gap of a second or more is a hidden tab, not a slow frame.
                if let Some(gap) = record.last.map(|last| time - last).filter(|gap| *gap < 1000.0) {
                    let at = record.next;
                    if record.gaps.len() < WINDOW {
                        record.gaps.push(gap)
                    } else {
                        record.gaps[at] = gap
                    }
                    record.next = (at + 1) % WINDOW;
                }
                record.last = Some(time);
            }
            self.tick();
        });
    }

    fn observe_tasks(self) {
        let callback = Closure::<dyn FnMut(PerformanceObserverEntryList, JsValue)>::new(move |list: PerformanceObserverEntryList, _| {
            let mut record = self.0.borrow_mut();
            for entry in Array::from(&list.get_entries()) {
                let took = entry.unchecked_into::<PerformanceEntry>().duration();
                record.long_tasks += 1;
                record.longest_task_ms = record.longest_task_ms.max(took);
            }
        });
        if let Ok(observer) = PerformanceObserver::new(callback.as_ref().unchecked_ref()) {
            let kinds = PerformanceObserverInit::new(&Array::of1(&JsValue::from_str("longtask")));
            // Not every browser knows long tasks; then none are counted.
            observer.observe(&kinds);
        }
        callback.forget();
    }
}
