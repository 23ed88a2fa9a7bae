//! Writes one of each figure, in every theme, into a folder: for looking at.
//!
//! `cargo run -p figures --example gallery -- target/gallery`

use std::{error::Error, fs, path::Path};

use engine::rng::{Stream, normal, uniform};
use figures::{
    ChartOptions, ColourMap, Confusion, Curves, LossScale, Measured, MeasuredOn, Sheet, Spread, Theme, TrainPoint, XAxis,
    files::{Size, confusion_png, curves_png, curves_svg, rgba_png},
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| String::from("target/gallery"));
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let curves = example();
    for theme in Theme::ALL {
        let options = ChartOptions { theme, ..ChartOptions::default() };
        for (name, width, height) in [("wide", 1600, 420), ("usual", 720, 320), ("narrow", 300, 380)] {
            let png = curves_png(&curves, &options, Size { width, height }, 2)?;
            fs::write(folder.join(format!("curves-{}-{name}.png", theme.slug())), png)?;
        }
        fs::write(folder.join(format!("curves-{}.svg", theme.slug())), curves_svg(&curves, &options, Size { width: 960, height: 360 })?)?;
        fs::write(
            folder.join(format!("confusion-{}.png", theme.slug())),
            confusion_png(&matrix()?, theme, Size { width: 420, height: 420 }, 2)?,
        )?;
        fs::write(folder.join(format!("maps-{}.png", theme.slug())), maps(theme)?)?;
    }
    let log = ChartOptions { loss_scale: LossScale::Log, x_axis: XAxis::Epoch, ..ChartOptions::default() };
    fs::write(folder.join("curves-log.png"), curves_png(&curves, &log, Size { width: 720, height: 320 }, 2)?)?;
    let start = Curves { train: curves.train[..3].to_vec(), scores: Vec::new() };
    fs::write(folder.join("curves-start.png"), curves_png(&start, &ChartOptions::default(), Size { width: 480, height: 320 }, 2)?)?;
    let none = curves_png(&Curves::default(), &ChartOptions::default(), Size { width: 480, height: 200 }, 2)?;
    fs::write(folder.join("curves-none.png"), none)?;
    Ok(())
}

/// A run that looks like one.
fn example() -> Curves {
    let mut curves = Curves::default();
    for step in 1..=2343_u32 {
        let noise = f64::from(normal(1, Stream(7), step));
        let loss = 2.2 * (-f64::from(step) / 60.0).exp() + 0.35 / (1.0 + f64::from(step) / 150.0);
        let loss = loss * (0.35 * noise).exp();
        let loss = if (900..930).contains(&step) { f64::NAN } else { loss };
        curves.train.push(TrainPoint { step, epoch: f64::from(step) / 781.0, loss, accuracy: (1.0 - 0.3 * loss).clamp(0.05, 1.0) });
        if step % 781 == 0 {
            let (epoch, loss) = (f64::from(step) / 781.0, 0.11 / f64::from(step / 781));
            curves.scores.push(Measured { on: MeasuredOn::Validation, step, epoch, loss, accuracy: 1.0 - 0.3 * loss });
        }
    }
    curves.scores.push(Measured { on: MeasuredOn::Test, step: 2343, epoch: 3.0, loss: 0.041, accuracy: 0.9874 });
    curves
}

fn matrix() -> Result<Confusion, Box<dyn Error>> {
    let count = |i: u32| match (i / 10, i % 10) {
        (truth, answer) if truth == answer => 960 + truth * 7,
        _ => (18.0 * uniform(3, Stream(1), i).powi(6)) as u32,
    };
    Ok(Confusion::new(10, (0..100).map(count).collect())?)
}

/// Both scales as bars, kernels and a map.
fn maps(theme: Theme) -> Result<Vec<u8>, Box<dyn Error>> {
    let (width, mut rgba) = (512, Vec::new());
    let mut push = |sheet: Sheet, values: &[f32], map: &ColourMap| -> Result<(), Box<dyn Error>> {
        let mut tile = vec![0; sheet.size_bytes()];
        sheet.paint(values, map, Spread::Shared, &mut tile)?;
        for row in tile.chunks_exact(4 * sheet.width()) {
            rgba.extend_from_slice(row);
            rgba.extend(theme.palette().background.rgba().repeat(width - sheet.width()));
        }
        rgba.extend(theme.palette().background.rgba().repeat(width * 8));
        Ok(())
    };
    let (signed, positive) = (ColourMap::diverging(theme), ColourMap::sequential(theme));
    let ramp = |lo: f32| (0..256).map(|i| lo + (1.0 - lo) * i as f32 / 255.0).collect::<Vec<f32>>();
    let bar = |values: Vec<f32>| values.repeat(12);
    push(Sheet::single(12, 256).with_zoom(2), &bar(ramp(-1.0)), &signed)?;
    push(Sheet::single(12, 256).with_zoom(2), &bar(ramp(0.0)), &positive)?;
    let weights: Vec<f32> = (0..8 * 25).map(|i| normal(5, Stream(2), i)).collect();
    push(Sheet::grid(8, 8, 5, 5).with_zoom(10).with_gap(6), &weights, &signed)?;
    let blob: Vec<f32> = (0..4 * 24 * 24)
        .map(|i| {
            let (tile, y, x) = ((i / 576) as f32, ((i / 24) % 24) as f32, (i % 24) as f32);
            (2.0 * (-((y - 12.0).powi(2) + (x - 6.0 - 4.0 * tile).powi(2)) / 30.0).exp() - 0.1).max(0.0) / (1.0 + tile)
        })
        .collect();
    push(Sheet::grid(4, 4, 24, 24).with_zoom(5).with_gap(8), &blob, &positive)?;
    let classes: Vec<u8> =
        (0..10).flat_map(|c| theme.palette().class(c).rgba().repeat(51)).chain(theme.palette().fault.rgba().repeat(2)).collect();
    for _ in 0..40 {
        rgba.extend_from_slice(&classes);
    }
    Ok(rgba_png(width as u32, (rgba.len() / 4 / width) as u32, &rgba)?)
}
