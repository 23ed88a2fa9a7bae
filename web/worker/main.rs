//! What a worker runs; also the bench's page.

fn main() {
    web::worker();
}
