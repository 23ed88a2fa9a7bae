//! The page and its worker: one program, two lives.
//!
//! `main` looks at the global scope. In a window it shows the Lab (or, asked to by the link, the
//! bench), in a worker it hosts a session. Everything that does not need a browser is in `crates/`.

mod bench;
mod dom;
mod link;
mod panels;
mod shards;
mod shell;
mod state;
mod widgets;
mod worker;

fn main() {
    if let Some(scope) = worker::scope() {
        worker::start(&scope);
        return;
    }
    console_error_panic_hook::set_once();
    if state::url::page_value("bench").is_some() {
        bench::start();
    } else {
        shell::start();
    }
}
