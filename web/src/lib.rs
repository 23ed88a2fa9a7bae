//! All of Kernelscope that knows a browser. Three programs are made of it (`web/page`, `web/learn`, `web/worker`): the page and
//! the lessons, which show and never compute, and the worker, which computes and never draws. What a program does not reach, the linker leaves out.

mod bench;
mod dom;
mod learn;
mod lessons;
mod link;
mod panels;
mod reaction;
mod shards;
mod shell;
mod state;
mod widgets;
mod worker;

/// The page: the Lab or, asked to by the link, the bench, which is the worker's program on the page's own thread.
pub fn page() {
    console_error_panic_hook::set_once();
    if state::url::page_value("bench").is_some() {
        bench::call();
    } else {
        shell::start();
    }
}

/// The lessons.
pub fn learn() {
    console_error_panic_hook::set_once();
    learn::start();
}

/// The worker: it hosts a session, or shares the steps of another that does.
pub fn worker() {
    worker::start();
}
