//! Charts drawn to files: they stand any data and any size, and what they say can be read.

#![allow(clippy::unwrap_used)] // A test may panic.

use figures::{
    ChartOptions, Confusion, Curves, Ghost, LossScale, Measured, MeasuredOn, Rgb, Theme, TrainPoint, View, XAxis,
    files::{FileError, Size, confusion_png, confusion_svg, curves_png, curves_svg},
    svg::view_svg,
};

fn run(steps: u32) -> Curves {
    let train = (1..=steps)
        .map(|step| {
            let loss = 2.3 * (-f64::from(step) / 80.0).exp() + 0.05;
            TrainPoint { step, epoch: f64::from(step) / 200.0, loss, accuracy: 1.0 - loss / 2.6 }
        })
        .collect();
    let scores = (1..=steps / 200)
        .map(|epoch| Measured { on: MeasuredOn::Validation, step: 200 * epoch, epoch: f64::from(epoch), loss: 0.2, accuracy: 0.95 })
        .collect();
    Curves { train, scores }
}

/// RGBA pixels and their width.
fn decoded(png: &[u8]) -> (Vec<u8>, usize) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgba, png::BitDepth::Eight));
    (pixels, info.width as usize)
}

/// Pixels within a box that are nearer to `colour` than to the background.
fn marks((pixels, width): &(Vec<u8>, usize), (x, y): (usize, usize), (w, h): (usize, usize), colour: Rgb, ground: Rgb) -> usize {
    let mut count = 0;
    for row in y..y + h {
        for p in pixels[4 * (row * width + x)..4 * (row * width + x + w)].chunks_exact(4) {
            let pixel = Rgb(p[0], p[1], p[2]).oklab();
            count += usize::from(pixel.distance(colour.oklab()) < pixel.distance(ground.oklab()));
        }
    }
    count
}

#[test]
fn nothing_is_said_in_words() {
    for theme in Theme::ALL {
        let options = ChartOptions { theme, ..ChartOptions::default() };
        let p = theme.palette();
        let picture = decoded(&curves_png(&Curves::default(), &options, Size { width: 300, height: 160 }, 1).unwrap());
        // Letters in the middle, nothing else.
        assert!(marks(&picture, (80, 60), (140, 40), p.muted, p.background) > 100);
        assert_eq!(marks(&picture, (0, 0), (300, 50), p.muted, p.background), 0);
        let svg = curves_svg(&Curves::default(), &options, Size { width: 300, height: 160 }).unwrap();
        assert!(svg.contains("No steps yet"));
    }
}

#[test]
fn curves_legend_and_labels_are_there() {
    let (theme, size) = (Theme::Light, Size { width: 360, height: 480 });
    let p = theme.palette();
    let picture = decoded(&curves_png(&run(600), &ChartOptions::default(), size, 1).unwrap());
    // The panel's name at the upper left, labels beside the axis, the curve within.
    assert!(marks(&picture, (8, 6), (40, 20), p.foreground, p.background) > 40);
    assert!(marks(&picture, (4, 30), (30, 200), p.muted, p.background) > 40);
    assert!(marks(&picture, (60, 40), (280, 180), p.train, p.background) > 250);
    assert!(marks(&picture, (60, 280), (290, 150), p.validation, p.background) > 50);
    let svg = curves_svg(&run(600), &ChartOptions::default(), size).unwrap();
    for word in ["Loss", "Accuracy", "training", "validation", "step", "95.00 %", "0.200", ">200<", ">400<", ">600<"] {
        assert!(svg.replace(">\n", ">").replace("\n<", "<").contains(word), "{word}");
    }
    assert!(!svg.contains("test"), "a series without points has no legend");
    assert!(svg.contains(r#"role="img" width="360" height="480" viewBox="0 0 1440 1920""#));
    assert!(svg.contains("<desc>After 600 steps (3.00 epochs): training loss "));
}

#[test]
fn the_whole_picture_is_painted() {
    for theme in Theme::ALL {
        let options = ChartOptions { theme, ..ChartOptions::default() };
        for (width, height) in [(300, 380), (701, 311)] {
            let (pixels, w) = decoded(&curves_png(&run(300), &options, Size { width, height }, 1).unwrap());
            assert_eq!(w, width as usize);
            assert!(pixels.chunks_exact(4).all(|p| p[3] == 255));
            assert_eq!(pixels[pixels.len() - 4..], theme.palette().background.rgba());
        }
    }
}

#[test]
fn any_size_will_do() {
    for (width, height) in [(1, 1), (3, 700), (700, 3), (40, 40), (120, 90), (300, 150), (300, 600), (1600, 300), (1600, 1200)] {
        for x_axis in [XAxis::Step, XAxis::Epoch] {
            for loss_scale in [LossScale::Linear, LossScale::Log] {
                let options = ChartOptions { x_axis, loss_scale, ..ChartOptions::default() };
                curves_svg(&run(450), &options, Size { width, height }).unwrap();
                curves_png(&run(450), &options, Size { width, height }, 1).unwrap();
            }
        }
    }
    let limit = FileError::Size { width: 0, height: 10, most: 8192 };
    assert_eq!(curves_png(&run(3), &ChartOptions::default(), Size { width: 0, height: 10 }, 1), Err(limit));
    assert!(curves_svg(&run(3), &ChartOptions::default(), Size { width: 9000, height: 10 }).is_err());
}

#[test]
fn a_sheet_has_title_key_and_every_ghost() {
    let ghost = |name: &str, slot| Ghost { name: name.to_owned(), slot, curves: run(300 + 100 * slot) };
    let view = View { ghosts: vec![ghost("2 Lens: rate 0.002 → 0.01", 0), ghost("3 <MLP> & more", 1)], ..View::default() };
    let size = Size { width: 900, height: 420 };
    let svg = view_svg("Lens, adam & <seed 1>", &run(200), &ChartOptions::default(), &view, size).unwrap();
    for part in [
        "<title>Lens, adam &amp; &lt;seed 1&gt;</title>",
        "2 Lens: rate 0.002 → 0.01",
        "3 &lt;MLP&gt; &amp; more",
        "step",
        "Loss",
        "Accuracy",
        "Rings: on the validation digits",
    ] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(!svg.contains("<MLP>") && !svg.contains("& more"), "what people write stays text");
    // The axis reaches to the end of the longest, and each is there in its colour, as many dashes.
    assert!(svg.replace(">\n", ">").replace("\n<", "<").contains(">400<"));
    for slot in 0..2 {
        let colour = figures::ghost::look(slot, Theme::Light).0.to_string().to_uppercase();
        assert!(svg.matches(&colour).count() > 20, "{slot}: {colour}");
    }
    // Ghosts alone are a picture too, and none of them changes the picture of a run without.
    let alone = view_svg("Race", &Curves::default(), &ChartOptions::default(), &view, size).unwrap();
    assert!(alone.contains("3 &lt;MLP&gt;"));
    assert!(!alone.contains("No steps yet"));
}

#[test]
fn any_data_will_do() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, 1e300, 1e-300, f64::MAX];
    let mut cases = vec![run(1), run(2)];
    for value in odd {
        let mut broken = run(40);
        for point in &mut broken.train[10..20] {
            (point.loss, point.accuracy) = (value, value);
        }
        cases.push(broken.clone());
        broken.train[30].epoch = value;
        broken.scores.push(Measured { on: MeasuredOn::Test, step: 40, epoch: value, loss: value, accuracy: value });
        cases.push(broken);
        let point = |step| TrainPoint { step, epoch: 0.1, loss: value, accuracy: value };
        cases.push(Curves { train: vec![point(1), point(2)], scores: Vec::new() });
    }
    let score = |step| Measured { on: MeasuredOn::Validation, step, epoch: 1.0, loss: 0.1, accuracy: 0.9 };
    cases.push(Curves { train: Vec::new(), scores: vec![score(5)] });
    for curves in &cases {
        for loss_scale in [LossScale::Linear, LossScale::Log] {
            for (x_axis, x_end) in [(XAxis::Step, 0.0), (XAxis::Epoch, f64::NAN), (XAxis::Epoch, 3.0)] {
                for half_life_steps in [None, Some(0.0), Some(20.0), Some(f64::NAN)] {
                    let options = ChartOptions { loss_scale, x_axis, x_end, half_life_steps, ..ChartOptions::default() };
                    let svg = curves_svg(curves, &options, Size { width: 500, height: 300 }).unwrap();
                    assert!(!svg.contains("NaN\"") && !svg.contains("points=\"\""));
                }
            }
        }
    }
}

#[test]
fn a_long_run_is_no_larger_than_a_short_one() {
    let size = Size { width: 500, height: 300 };
    let (short, long) = (run(2_000), run(200_000));
    let bytes = |curves: &Curves| curves_svg(curves, &ChartOptions::default(), size).unwrap().len();
    assert!(bytes(&long) < 3 * bytes(&short));
}

#[test]
fn matrices_show_their_counts() {
    let mut counts = vec![0; 100];
    counts[..12].copy_from_slice(&[980, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1131]);
    let matrix = Confusion::new(10, counts).unwrap();
    let svg = confusion_svg(&matrix, Theme::Light, Size { width: 360, height: 360 }).unwrap();
    for word in ["980", "1131", "answer", "digit", "<desc>2111 of 2114 right.</desc>"] {
        assert!(svg.contains(word), "{word}");
    }
    for (width, height) in [(1, 1), (60, 60), (360, 200), (900, 900)] {
        for theme in Theme::ALL {
            confusion_png(&matrix, theme, Size { width, height }, 1).unwrap();
        }
    }
    let names: Vec<String> = (0..10).map(|class| format!("shape{class}")).collect();
    let named = matrix.named("shape", &names);
    let svg = confusion_svg(&named, Theme::Light, Size { width: 360, height: 360 }).unwrap();
    assert!(names.iter().all(|name| svg.matches(&format!("\n{name}\n")).count() == 2) && !svg.contains("digit"), "{svg}");
    confusion_png(&named, Theme::Dark, Size { width: 60, height: 60 }, 1).unwrap();
    let none = Confusion::new(10, vec![0; 100]).unwrap();
    assert!(confusion_svg(&none, Theme::Dark, Size { width: 360, height: 360 }).unwrap().contains("Nothing evaluated yet"));
}
