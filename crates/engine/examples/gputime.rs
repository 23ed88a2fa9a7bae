use std::{rc::Rc, time::Instant};
use engine::{OptimizerSpec, backend::gpu::{Card, check, launch::Storage, reader::block_on}, presets::preset};
fn main() {
    let card: Rc<Card> = block_on(Card::open()).unwrap();
    println!("{:?}", card.info);
    let start = Instant::now();
    let clock = move || start.elapsed().as_secs_f64() * 1e3;
    for net in ["n1", "n2", "n4"] {
        let t = block_on(check::time(&card, &preset(net).unwrap().model(), OptimizerSpec::default(), 64, Storage::F32, 1500.0, &clock)).unwrap();
        println!("{net}: {t:?} => {:.0} img/s", 64e3 / t.unwrap().gpu_step_ms);
    }
}
