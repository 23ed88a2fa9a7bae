//! Pixels, compared exactly with small pictures in `tests/pictures`.
//!
//! After a wanted change: `UPDATE_PICTURES=1 cargo test -p figures --test pictures`, and look at them.

#![allow(clippy::unwrap_used)] // A test may panic.

use std::{fs, path::PathBuf};

use figures::{
    ColourMap, Confusion, Range, Sheet, Spread, Theme,
    files::rgba_png,
    kernels::{KernelDims, KernelView},
};

fn assert_picture(name: &str, width: usize, rgba: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(format!("{name}.png"));
    let png = rgba_png(width as u32, (rgba.len() / 4 / width) as u32, rgba).unwrap();
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &png).unwrap();
    }
    let file = fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut want = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut want).unwrap();
    assert_eq!((info.width as usize, info.height as usize), (width, rgba.len() / 4 / width), "{name}");
    assert!(want == rgba, "{name}: the pixels have changed");
}

#[test]
fn scales() {
    for theme in Theme::ALL {
        let mut rgba = Vec::new();
        for (map, lo) in [(ColourMap::diverging(theme), -1.0_f32), (ColourMap::sequential(theme), 0.0)] {
            let ramp: Vec<f32> = (0..64).map(|i| lo + (1.0 - lo) * i as f32 / 63.0).chain([f32::NAN, f32::INFINITY]).collect();
            let sheet = Sheet::single(4, 66);
            let mut bar = vec![0; sheet.size_bytes()];
            sheet.paint(&ramp.repeat(4), &map, Spread::Fixed(Range { lo, hi: 1.0 }), &mut bar).unwrap();
            rgba.extend(bar);
        }
        for class in 0..10 {
            rgba.extend(theme.palette().class(class).rgba().repeat(66));
        }
        assert_picture(&format!("scales-{}", theme.slug()), 66, &rgba);
    }
}

#[test]
fn kernels_in_three_views() {
    // Three filters over two channels: an edge, a spot and a slope, the second channel the negative of the first.
    let filters = [
        [-1.0, 0.0, 1.0, -1.0, 0.0, 1.0, -1.0, 0.0, 1.0],
        [0.0, 0.2, 0.0, 0.2, 1.0, 0.2, 0.0, 0.2, 0.0],
        [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0],
    ];
    let weight: Vec<f32> = filters.iter().flat_map(|f| f.iter().copied().chain(f.iter().map(|v| -0.5 * v))).collect();
    let dims = KernelDims::of(&[3, 2, 3, 3]).unwrap();
    for (name, view) in [("table", KernelView::Table), ("mean", KernelView::Mean), ("filter", KernelView::Filter(2))] {
        let mut tiles = Vec::new();
        let sheet = dims.gather(&weight, view, &mut tiles).unwrap().with_zoom(3).with_gap(2);
        let mut rgba = vec![0; sheet.size_bytes()];
        sheet.paint(&tiles, &ColourMap::diverging(Theme::Light), Spread::Shared, &mut rgba).unwrap();
        assert_picture(&format!("kernels-{name}"), sheet.width(), &rgba);
    }
}

#[test]
fn confusion() {
    let matrix = Confusion::new(3, vec![9, 1, 0, 0, 10, 0, 4, 1, 5]).unwrap();
    let sheet = matrix.sheet(6);
    let mut rgba = vec![0; sheet.size_bytes()];
    matrix.paint(Theme::Dark, 6, &mut rgba).unwrap();
    assert_picture("confusion", sheet.width(), &rgba);
}
