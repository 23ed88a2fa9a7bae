//! What the tab runs where the link asks for the lessons.

fn main() {
    web::learn();
}
