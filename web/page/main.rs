//! What the tab runs.

fn main() {
    web::page();
}
